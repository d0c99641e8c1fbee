#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <limits>
#include <system_error>

#include "loadgen/report/json.hpp"
#include "loadgen/report/json_reader.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostEndpoints = 1000;
constexpr std::size_t kMostSeconds = 1'000'000;
constexpr std::size_t kMostNames = 10'000;  // of routes, labels, sentences, arguments

std::vector<std::string> strings(const Place& place) {
    std::vector<std::string> made;
    place.elements(kMostNames, [&](const Place& each) { made.push_back(each.text()); });
    return made;
}

std::map<std::string, double> numbers(const Place& place) {
    std::map<std::string, double> made;
    place.members(kMostNames,
                  [&](std::string name, const Place& each) { made[std::move(name)] = each.not_negative(); });
    return made;
}

std::uint64_t add_up(const Place& place, std::uint64_t sum, std::uint64_t count) {
    if (count > Place::kLargestCount - sum) place.refuse("the counts are too large");
    return sum + count;
}

stats::Cells cells(const Place& place) {
    stats::Cells made;
    made.least = place.at("least_ns").nanoseconds();
    made.most = place.at("most_ns").nanoseconds();
    made.sum = place.at("sum_s").not_negative();
    place.at("cells").elements(stats::Histogram::kCells, [&](const Place& pair) {
        std::vector<std::uint64_t> both;
        pair.elements(2, [&](const Place& each) { both.push_back(each.count()); });
        if (both.size() != 2) pair.refuse("a cell and its count are expected");
        const bool ascends = made.counts.empty() || both[0] > made.counts.back().first;
        if (!ascends || both[0] >= stats::Histogram::kCells || both[1] == 0)
            pair.refuse("this is no cell of a histogram");
        made.counts.emplace_back(static_cast<std::uint32_t>(both[0]), both[1]);
        made.total = add_up(pair, made.total, both[1]);
    });
    if (made.least > made.most) place.refuse("least_ns is above most_ns");
    return made;
}

void latency(const Place& place, stats::Histogram& histogram) {
    const stats::Cells read = cells(place.at("histogram"));
    if (place.at("n").count() != read.total) place.refuse("n is not the sum of the cells");
    if (read.total > 0 && !histogram.add(read)) place.refuse("this is no histogram");
}

std::map<int, std::uint64_t> statuses(const Place& place) {
    std::map<int, std::uint64_t> made;
    place.members(1000, [&](const std::string& name, const Place& count) {
        const bool digits = name.size() == 3 && name.find_first_not_of("0123456789") == std::string::npos;
        if (!digits) count.refuse("a status code of three digits is expected");
        made[std::stoi(name)] = count.count();
    });
    return made;
}

result::Sum sum(const Place& place) {
    result::Sum made;
    made.due = place.at("due").count();
    made.sent = place.at("sent").count();
    if (place.has("again")) made.again = place.at("again").count();
    made.answered = place.at("answered").count();
    made.behind = place.at("behind").count();
    std::uint64_t errors = 0;
    place.at("failures").members(result::kFailures, [&](const std::string& name, const Place& count) {
        const result::Failure kind = result::failure_of(name);
        if (kind == result::Failure::none) count.refuse("this kind of failure is not known");
        made.failures[static_cast<std::size_t>(kind)] = count.count();
        errors = add_up(count, errors, count.count());
    });
    if (place.at("errors").count() != errors) place.refuse("errors is not the sum of the failures");
    made.statuses = statuses(place.at("statuses"));
    made.bytes_in = place.at("bytes_in").count();
    made.bytes_out = place.at("bytes_out").count();
    latency(place.at("response"), made.response);
    latency(place.at("service"), made.service);
    latency(place.at("first_byte"), made.first_byte);
    latency(place.at("failed"), made.failed);
    return made;
}

template <typename Value>
Value one_of(const Place& place, std::initializer_list<std::pair<std::string_view, Value>> known) {
    const std::string text = place.text();
    for (const auto& [name, value] : known) {
        if (name == text) return value;
    }
    place.refuse("this value is not known");
}

plan::Expectation expectation(const Place& place) {
    plan::Expectation made;
    constexpr std::uint64_t kHighestStatus = 999;
    place.at("statuses").elements(kMostNames, [&](const Place& range) {
        std::vector<int> both;
        range.elements(
            2, [&](const Place& end) { both.push_back(static_cast<int>(end.count(kHighestStatus))); });
        if (both.size() != 2) range.refuse("two status codes are expected");
        made.statuses.emplace_back(both[0], both[1]);
    });
    made.body_contains = place.at("body_contains").text();
    if (!place.at("body_bytes").is_null()) made.body_bytes = place.at("body_bytes").count();
    if (!place.at("within").is_null()) made.within = place.at("within").seconds();
    return made;
}

plan::Endpoint endpoint(const Place& place) {
    plan::Endpoint made;
    made.name = place.at("name").text();
    made.kind = one_of<plan::Kind>(place.at("kind"),
                                   {{"http", plan::Kind::http}, {"websocket", plan::Kind::websocket}});
    const Place target = place.at("target");
    made.target = {target.at("tls").truth(),        target.at("host").text(),      target.at("port").text(),
                   target.at("unix_socket").text(), target.at("authority").text(), target.at("path").text()};
    made.method = place.at("method").text();
    made.weight = place.at("weight").not_negative();
    for (std::string& name : strings(place.at("header_names"))) made.headers.push_back({std::move(name), {}});
    made.saved_body_bytes = place.at("body_bytes").count();
    made.chunked = place.at("chunked").truth();
    made.fresh_connection = place.at("fresh_connection").truth();
    made.first_byte = place.at("first_byte").truth();
    made.pace = {place.at("pace").at("send").count(), place.at("pace").at("receive").count()};
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const Place echo = place.at("echo");
    made.echo = {static_cast<std::uint32_t>(echo.at("messages").count(kMost)),
                 static_cast<std::uint32_t>(echo.at("bytes").count(kMost)), echo.at("text").truth()};
    // Reports of the first release have none.
    if (place.has("expect")) made.expect = expectation(place.at("expect"));
    return made;
}

plan::Plan plan(const Place& place) {
    plan::Plan made;
    plan::Load& load = made.load;
    load.model = one_of<plan::Model>(place.at("model"),
                                     {{"open", plan::Model::open}, {"closed", plan::Model::closed}});
    load.arrival = one_of<plan::Arrival>(
        place.at("arrival"), {{"uniform", plan::Arrival::uniform}, {"poisson", plan::Arrival::poisson}});
    place.at("profile").elements(kMostNames, [&](const Place& point) {
        load.profile.push_back({point.at("at").not_negative(), point.at("rate").not_negative()});
    });
    load.connections = place.at("connections").count();
    load.duration = place.at("duration").seconds();
    load.warm_up = place.at("warm_up").seconds();
    load.timeout = place.at("timeout").seconds();
    load.threads = place.at("threads").count();
    load.seed = place.at("seed").count(std::numeric_limits<std::uint64_t>::max());
    load.parts = place.at("parts").count();
    made.trust.insecure = place.at("insecure").truth();
    place.at("endpoints").elements(kMostEndpoints, [&](const Place& each) {
        made.endpoints.push_back(endpoint(each));
    });
    if (made.endpoints.empty()) place.at("endpoints").refuse("at least one endpoint is expected");
    return made;
}

Environment environment(const Place& place) {
    Environment made;
    made.version = place.at("version").text();
    made.kernel = place.at("kernel").text();
    made.cpu_model = place.at("cpu_model").text();
    made.cores = static_cast<unsigned>(place.at("cores").count(1'000'000));
    const auto loads = [&place](std::string_view name, Loads& into) {
        std::size_t read = 0;
        place.at(name).elements(into.size(),
                                [&](const Place& each) { into.at(read++) = each.not_negative(); });
        if (read != into.size()) place.at(name).refuse("three numbers are expected");
    };
    loads("load_before", made.load_before);
    loads("load_after", made.load_after);
    made.argv = strings(place.at("argv"));
    return made;
}

std::vector<result::Second> series(const Place& place) {
    std::vector<result::Second> made;
    place.elements(kMostSeconds, [&](const Place& each) {
        result::Second& second = made.emplace_back();
        second.due = each.at("due").count();
        second.answered = each.at("answered").count();
        second.errors = each.at("errors").count();
        second.statuses = statuses(each.at("statuses"));
        second.in_flight = each.at("in_flight").count();
        second.cpu = each.at("cpu").not_negative();
    });
    return made;
}

result::Verdict verdict(const Place& place) {
    result::Verdict made;
    place.at("thresholds").elements(kMostNames, [&](const Place& each) {
        result::Kept& kept = made.thresholds.emplace_back();
        kept.threshold.text = each.at("text").text();
        kept.threshold.endpoint = each.at("endpoint").text();
        kept.threshold.metric = each.at("metric").text();
        kept.threshold.bound = one_of<plan::Bound>(each.at("bound"), {{"<", plan::Bound::below},
                                                                      {"<=", plan::Bound::at_most},
                                                                      {">", plan::Bound::above},
                                                                      {">=", plan::Bound::at_least}});
        kept.threshold.value = each.at("value").number();
        if (!each.at("actual").is_null()) kept.actual = each.at("actual").number();
        kept.kept = each.at("kept").truth();
    });
    made.warnings = strings(place.at("warnings"));
    made.bottlenecks = strings(place.at("bottlenecks"));
    made.own = place.at("own").truth();
    made.delivered = place.at("delivered").truth();
    return made;
}

std::map<result::Failure, std::string> failure_texts(const Place& place) {
    std::map<result::Failure, std::string> made;
    place.members(result::kFailures, [&](const std::string& name, const Place& text) {
        const result::Failure kind = result::failure_of(name);
        if (kind == result::Failure::none) text.refuse("this kind of failure is not known");
        made[kind] = text.text();
    });
    return made;
}

void generator(const Place& place, result::Self& self) {
    self.wall = place.at("wall").not_negative();
    self.cpu = place.at("cpu").not_negative();
    self.busiest = place.at("busiest").not_negative();
    self.opened = place.at("opened").count();
    latency(place.at("late"), self.late);
    latency(place.at("blocked"), self.blocked);
    if (place.has("waited")) self.waited = place.at("waited").not_negative();
    if (place.has("stalled")) self.stalled = place.at("stalled").not_negative();
    if (place.has("missed")) self.missed = place.at("missed").count();
    if (place.has("connect")) latency(place.at("connect"), self.connect);
    if (place.has("failure_texts")) self.texts = failure_texts(place.at("failure_texts"));
}

books::Books books(const Place& place) {
    books::Books made;
    made.wall = place.at("wall").not_negative();
    made.requests = place.at("requests").not_negative();
    made.cpu = place.at("cpu").not_negative();
    made.rejected = place.at("rejected").not_negative();
    place.at("runtime").members(
        100, [&](std::string name, const Place& each) { made.runtime[std::move(name)] = each.text(); });
    place.at("gils").elements(kMostNames, [&](const Place& each) {
        made.gils.push_back({each.at("interpreter").text(), each.at("held").not_negative(),
                             each.at("waiting").not_negative(), each.at("releases").not_negative(),
                             each.at("forced").not_negative()});
    });
    place.at("routes").elements(kMostNames, [&](const Place& each) {
        made.routes.push_back({each.at("name").text(), each.at("requests").not_negative(),
                               each.at("duration").not_negative(), numbers(each.at("phases")),
                               each.at("cpu").not_negative()});
    });
    made.thread_cpu = numbers(place.at("thread_cpu"));
    return made;
}

Nanoseconds clock_ahead(const Place& place) {
    constexpr double kMost = 1e9;
    const double seconds = place.number();
    if (seconds < -kMost || seconds > kMost) place.refuse("a number of seconds is expected");
    return nanoseconds_of(seconds);
}

std::vector<Agent> agents(const Place& place) {
    std::vector<Agent> made;
    place.elements(kMostNames, [&](const Place& each) {
        Agent& agent = made.emplace_back();
        agent.name = each.at("name").text();
        agent.address = each.at("address").text();
        agent.due = each.at("due").count();
        agent.cpu = each.at("cpu").not_negative();
        if (!each.at("late_p99").is_null()) agent.late_p99 = each.at("late_p99").seconds();
        agent.clock_ahead = clock_ahead(each.at("clock_ahead"));
        agent.round_trip = each.at("round_trip").seconds();
    });
    return made;
}

Report read_report(const Place& place) {
    if (place.at("schema").text() != kSchema) {
        place.at("schema").refuse("\"" + std::string(kSchema) + "\" is expected");
    }
    Report made;
    made.result.started = place.at("started").text();
    made.environment = environment(place.at("environment"));
    made.result.plan = plan(place.at("plan"));
    made.result.all = sum(place.at("totals"));
    place.at("endpoints").elements(kMostEndpoints, [&](const Place& each) {
        made.result.endpoints.push_back(sum(each));
    });
    if (made.result.endpoints.size() != made.result.plan.endpoints.size()) {
        place.at("endpoints").refuse("as many as in the plan are expected");
    }
    made.result.seconds = series(place.at("series"));
    made.verdict = verdict(place.at("verdict"));
    for (const result::Kept& kept : made.verdict.thresholds)
        made.result.plan.thresholds.push_back(kept.threshold);
    generator(place.at("generator"), made.result.self);
    made.agents = agents(place.at("agents"));
    if (!place.at("server").is_null()) made.books = books(place.at("server"));
    return made;
}

}  // namespace

Read from_json(const json::value& document) {
    try {
        return read_report(Place(document));
    } catch (const Fault& fault) {
        return Unreadable{printable(fault.what(), 300)};
    }
}

Read parse(std::string_view text) {
    if (text.size() > kLargestDocument) return Unreadable{"the document is too large"};
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 16;
    const json::value document = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return Unreadable{"not JSON: " + error.message()};
    return from_json(document);
}

Read load(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return Unreadable{file + ": " + std::generic_category().message(errno)};
    std::string text;
    std::string block(std::size_t{64} << 10U, '\0');
    while (text.size() <= kLargestDocument) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        if (stream.gcount() == 0) break;
        text.append(block, 0, static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad()) return Unreadable{file + ": cannot be read"};
    Read read = parse(text);
    if (auto* fault = std::get_if<Unreadable>(&read)) fault->why = file + ": " + fault->why;
    return read;
}

}  // namespace loadgen::report
