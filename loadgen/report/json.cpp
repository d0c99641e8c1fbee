#include "loadgen/report/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace json = boost::json;

namespace {

// JSON has no infinity.
json::value number(double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::value seconds_or_null(std::optional<Nanoseconds> value) {
    return value ? json::value(seconds_of(*value)) : json::value(nullptr);
}

json::array strings(const std::vector<std::string>& all) {
    json::array made;
    for (const std::string& each : all) made.emplace_back(each);
    return made;
}

json::array pairs(const stats::Cells& cells) {
    json::array made;
    made.reserve(cells.counts.size());
    for (const auto& [cell, count] : cells.counts) made.push_back(json::array{cell, count});
    return made;
}

json::object latency(const stats::Histogram& histogram) {
    json::object made;
    made["n"] = histogram.count();
    made["mean"] = histogram.count() > 0 ? json::value(seconds_of(histogram.mean())) : json::value(nullptr);
    for (const Percentile& wanted : kPercentiles) {
        made[wanted.name] = seconds_or_null(result::percentile(histogram, wanted.fraction));
    }
    made["max"] = histogram.count() > 0 ? json::value(seconds_of(histogram.most())) : json::value(nullptr);
    const stats::Cells cells = histogram.cells();
    made["histogram"] = json::object{{"least_ns", cells.least.count()},
                                     {"most_ns", cells.most.count()},
                                     {"sum_s", number(cells.sum)},
                                     {"cells", pairs(cells)}};
    return made;
}

json::object counts(const std::map<int, std::uint64_t>& statuses) {
    json::object made;
    for (const auto& [status, count] : statuses) made[std::to_string(status)] = count;
    return made;
}

json::object sum(const result::Sum& sum) {
    json::object failures;
    for (std::size_t kind = 1; kind < result::kFailures; ++kind) {
        if (sum.failures[kind] > 0)
            failures[result::name_of(static_cast<result::Failure>(kind))] = sum.failures[kind];
    }
    return {{"due", sum.due},
            {"sent", sum.sent},
            {"again", sum.again},
            {"answered", sum.answered},
            {"behind", sum.behind},
            {"errors", sum.errors()},
            {"error_share", number(sum.error_share())},
            {"failures", std::move(failures)},
            {"statuses", counts(sum.statuses)},
            {"bytes_in", sum.bytes_in},
            {"bytes_out", sum.bytes_out},
            {"response", latency(sum.response)},
            {"service", latency(sum.service)},
            {"first_byte", latency(sum.first_byte)},
            {"failed", latency(sum.failed)}};
}

// One second's latencies: percentiles only, its cells would make the document of an hour unwieldy.
json::object brief(const result::Brief& of) {
    return {{"n", of.total},
            {"p50", seconds_or_null(of.p50)},
            {"p90", seconds_or_null(of.p90)},
            {"p99", seconds_or_null(of.p99)},
            {"max", of.total > 0 ? json::value(seconds_of(of.most)) : json::value(nullptr)}};
}

json::array series(const std::vector<result::Second>& seconds) {
    json::array made;
    for (const result::Second& second : seconds) {
        made.push_back(json::object{{"due", second.due},
                                    {"answered", second.answered},
                                    {"errors", second.errors},
                                    {"statuses", counts(second.statuses)},
                                    {"in_flight", second.in_flight},
                                    {"cpu", number(second.cpu)},
                                    {"response", brief(second.response)},
                                    {"service", brief(second.service)}});
    }
    return made;
}

json::object expectation(const plan::Expectation& expect) {
    json::array statuses;
    for (const auto& [first, last] : expect.statuses) statuses.push_back(json::array{first, last});
    return {{"statuses", std::move(statuses)},
            {"body_contains", expect.body_contains},
            {"body_bytes", expect.body_bytes ? json::value(*expect.body_bytes) : json::value(nullptr)},
            {"within", seconds_or_null(expect.within)}};
}

json::object endpoint(const plan::Endpoint& endpoint) {
    json::array headers;
    for (const plan::Header& header : endpoint.headers) headers.emplace_back(header.name);
    const plan::Target& target = endpoint.target;
    return {{"name", endpoint.name},
            {"kind", endpoint.kind == plan::Kind::websocket ? "websocket" : "http"},
            {"url", url_of(endpoint)},
            {"target", json::object{{"tls", target.tls},
                                    {"host", target.host},
                                    {"port", target.port},
                                    {"unix_socket", target.unix_socket},
                                    {"authority", target.authority},
                                    {"path", target.path}}},
            {"method", endpoint.method},
            {"weight", number(endpoint.weight)},
            {"header_names", std::move(headers)},
            {"body_bytes", endpoint.body_bytes()},
            {"chunked", endpoint.chunked},
            {"fresh_connection", endpoint.fresh_connection},
            {"first_byte", endpoint.first_byte},
            {"pace", json::object{{"send", endpoint.pace.send}, {"receive", endpoint.pace.receive}}},
            {"echo", json::object{{"messages", endpoint.echo.messages},
                                  {"bytes", endpoint.echo.bytes},
                                  {"text", endpoint.echo.text}}},
            {"expect", expectation(endpoint.expect)}};
}

json::object plan(const plan::Plan& plan) {
    json::array profile;
    for (const plan::RatePoint& point : plan.load.profile) {
        profile.push_back(json::object{{"at", number(point.at)}, {"rate", number(point.rate)}});
    }
    json::array endpoints;
    for (const plan::Endpoint& each : plan.endpoints) endpoints.push_back(endpoint(each));
    return {{"model", is_open(plan) ? "open" : "closed"},
            {"profile", std::move(profile)},
            {"arrival", plan.load.arrival == plan::Arrival::poisson ? "poisson" : "uniform"},
            {"connections", plan.load.connections},
            {"duration", seconds_of(plan.load.duration)},
            {"warm_up", seconds_of(plan.load.warm_up)},
            {"timeout", seconds_of(plan.load.timeout)},
            {"threads", plan.load.threads},
            {"seed", plan.load.seed},
            {"parts", plan.load.parts},
            {"insecure", plan.trust.insecure},
            {"endpoints", std::move(endpoints)}};
}

json::object environment(const Environment& environment) {
    return {{"version", environment.version},
            {"kernel", environment.kernel},
            {"cpu_model", environment.cpu_model},
            {"cores", environment.cores},
            {"load_before", json::array(environment.load_before.begin(), environment.load_before.end())},
            {"load_after", json::array(environment.load_after.begin(), environment.load_after.end())},
            {"argv", strings(environment.argv)}};
}

std::string_view bound_text(plan::Bound bound) noexcept {
    switch (bound) {
        case plan::Bound::below:
            return "<";
        case plan::Bound::at_most:
            return "<=";
        case plan::Bound::above:
            return ">";
        case plan::Bound::at_least:
            break;
    }
    return ">=";
}

json::object verdict(const result::Verdict& verdict) {
    json::array thresholds;
    for (const result::Kept& kept : verdict.thresholds) {
        thresholds.push_back(
            json::object{{"text", kept.threshold.text},
                         {"endpoint", kept.threshold.endpoint},
                         {"metric", kept.threshold.metric},
                         {"bound", bound_text(kept.threshold.bound)},
                         {"value", number(kept.threshold.value)},
                         {"actual", kept.actual ? number(*kept.actual) : json::value(nullptr)},
                         {"kept", kept.kept}});
    }
    return {{"thresholds", std::move(thresholds)},
            {"warnings", strings(verdict.warnings)},
            {"bottlenecks", strings(verdict.bottlenecks)},
            {"own", verdict.own},
            {"delivered", verdict.delivered}};
}

json::object generator(const result::Self& self) {
    json::object texts;
    for (const auto& [failure, text] : self.texts) texts[result::name_of(failure)] = text;
    return {{"wall", number(self.wall)},
            {"cpu", number(self.cpu)},
            {"busiest", number(self.busiest)},
            {"waited", number(self.waited)},
            {"stalled", number(self.stalled)},
            {"opened", self.opened},
            {"missed", self.missed},
            {"late", latency(self.late)},
            {"blocked", latency(self.blocked)},
            {"connect", latency(self.connect)},
            {"failure_texts", std::move(texts)}};
}

json::array agents(const std::vector<Agent>& all) {
    json::array made;
    for (const Agent& agent : all) {
        made.push_back(json::object{{"name", agent.name},
                                    {"address", agent.address},
                                    {"due", agent.due},
                                    {"cpu", number(agent.cpu)},
                                    {"late_p99", seconds_or_null(agent.late_p99)},
                                    {"clock_ahead", seconds_of(agent.clock_ahead)},
                                    {"round_trip", seconds_of(agent.round_trip)}});
    }
    return made;
}

json::object numbers(const std::map<std::string, double>& all) {
    json::object made;
    for (const auto& [name, value] : all) made[name] = number(value);
    return made;
}

}  // namespace

json::value to_json(const books::Books& books) {
    json::object runtime;
    for (const auto& [name, value] : books.runtime) runtime[name] = value;
    json::array gils;
    for (const books::Gil& gil : books.gils) {
        gils.push_back(json::object{{"interpreter", gil.interpreter},
                                    {"held", number(gil.held)},
                                    {"waiting", number(gil.waiting)},
                                    {"releases", number(gil.releases)},
                                    {"forced", number(gil.forced)}});
    }
    json::array routes;
    for (const books::Route& route : books.routes) {
        routes.push_back(json::object{{"name", route.name},
                                      {"requests", number(route.requests)},
                                      {"duration", number(route.duration)},
                                      {"phases", numbers(route.phases)},
                                      {"cpu", number(route.cpu)}});
    }
    const std::optional<double> per_core = books.requests_per_cpu_second();
    return json::object{{"wall", number(books.wall)},
                        {"requests", number(books.requests)},
                        {"cpu", number(books.cpu)},
                        {"requests_per_cpu_second", per_core ? number(*per_core) : json::value(nullptr)},
                        {"rejected", number(books.rejected)},
                        {"runtime", std::move(runtime)},
                        {"gils", std::move(gils)},
                        {"routes", std::move(routes)},
                        {"thread_cpu", numbers(books.thread_cpu)}};
}

json::value to_json(const Report& report) {
    const result::Result& result = report.result;
    json::array endpoints;
    const std::size_t known = std::min(result.endpoints.size(), result.plan.endpoints.size());
    for (std::size_t i = 0; i < known; ++i) {
        json::object made = sum(result.endpoints[i]);
        made["name"] = result.plan.endpoints[i].name;
        endpoints.push_back(std::move(made));
    }
    return json::object{{"schema", kSchema},
                        {"started", result.started},
                        {"environment", environment(report.environment)},
                        {"plan", plan(result.plan)},
                        {"rate", number(result.rate())},
                        {"offered_rate", number(result.offered())},
                        {"totals", sum(result.all)},
                        {"endpoints", std::move(endpoints)},
                        {"series", series(result.seconds)},
                        {"verdict", verdict(report.verdict)},
                        {"generator", generator(result.self)},
                        {"agents", agents(report.agents)},
                        {"server", report.books ? to_json(*report.books) : json::value(nullptr)}};
}

}  // namespace loadgen::report
