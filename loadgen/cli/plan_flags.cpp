#include "loadgen/cli/plan_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>

#include "loadgen/plan/body.hpp"
#include "loadgen/plan/fields.hpp"
#include "loadgen/plan/names.hpp"
#include "loadgen/plan/profile.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/plan/scenario.hpp"
#include "loadgen/plan/threshold.hpp"
#include "loadgen/plan/url.hpp"

namespace loadgen::cli {

using plan::Fault;
using plan::Parsed;
using plan::Problem;

namespace {

constexpr Nanoseconds kTimeout = std::chrono::seconds(10);
constexpr std::size_t kClosedConnections = 10;
constexpr std::size_t kOpenConnections = 256;
constexpr Nanoseconds kShortest = std::chrono::milliseconds(100);

template <typename T>
Parsed<T> number(std::string_view text, T least, T most) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        return Fault{
            fmt::format("must be a whole number from {} to {}, not {}", least, most, plan::in_quotes(text))};
    return value;
}

Parsed<plan::Arrival> arrival(std::string_view text) {
    if (text == "uniform") return plan::Arrival::uniform;
    if (text == "poisson") return plan::Arrival::poisson;
    return Fault{fmt::format("must be uniform or poisson, not {}", plan::in_quotes(text))};
}

// What the flag says, when it is there, in the place of what the file says.
template <typename T, typename Parse>
Problem put(std::optional<T>& place, const char* flag, const std::optional<std::string>& text,
            const Parse& parse) {
    if (!text) return {};
    Parsed<T> parsed = parse(*text);
    if (!parsed) return Fault{fmt::format("{}: {}", flag, parsed.why())};
    place = std::move(*parsed);
    return {};
}

Problem put_load(plan::WishedLoad& load, const PlanFlags& flags) {
    const auto rate = [](std::string_view text) { return plan::parse_rate(text); };
    const auto span = [](std::string_view text) { return plan::parse_duration(text, kShortest); };
    const auto warm_up = [](std::string_view text) { return plan::parse_duration(text, Nanoseconds(0)); };
    const auto connections = [](std::string_view text) {
        return number<std::size_t>(text, 1, plan::kMostConnections);
    };
    const auto threads = [](std::string_view text) -> Parsed<std::size_t> {
        if (text == "auto")
            return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, plan::kMostThreads);
        return number<std::size_t>(text, 1, plan::kMostThreads);
    };
    const auto seed = [](std::string_view text) { return number<std::uint64_t>(text, 0, plan::kMostSeed); };
    Problem problem;
    const auto all_well = [&problem](Problem found) { return !(problem = std::move(found)); };
    static_cast<void>(all_well(put(load.rate, "--rate", flags.rate, rate)) &&
                      all_well(put(load.connections, "--connections", flags.connections, connections)) &&
                      all_well(put(load.duration, "--duration", flags.duration, span)) &&
                      all_well(put(load.warm_up, "--warm-up", flags.warm_up, warm_up)) &&
                      all_well(put(load.timeout, "--timeout", flags.timeout, span)) &&
                      all_well(put(load.arrival, "--arrival", flags.arrival, arrival)) &&
                      all_well(put(load.ramp, "--ramp", flags.ramp, plan::parse_ramp)) &&
                      all_well(put(load.step, "--step", flags.step, plan::parse_step)) &&
                      all_well(put(load.threads, "--threads", flags.threads, threads)) &&
                      all_well(put(load.seed, "--seed", flags.seed, seed)));
    return problem;
}

// The shape on the command line is instead of the file's, whichever that has.
void forget_the_files_shape(plan::WishedLoad& load, const PlanFlags& flags) {
    if (flags.ramp || flags.step) {
        load.ramp.reset();
        load.step.reset();
        load.ramp_at.clear();
        load.step_at.clear();
    }
    if (flags.arrival) load.arrival_at.clear();
}

// A fault of what the file says, with its place there.
Fault at(const std::string& place, std::string_view why) {
    return Fault{place.empty() ? std::string(why) : fmt::format("{}: {}", place, why)};
}

// Without a rate, what is there shapes nothing.
Problem check_shapeless(const plan::WishedLoad& wished) {
    const auto refuse = [](const char* name, const std::string& place) {
        const char* dashes = place.empty() ? "--" : "";
        return at(place, fmt::format("{0}{1} shapes the open model: say {0}rate as well", dashes, name));
    };
    if (wished.ramp) return refuse("ramp", wished.ramp_at);
    if (wished.step) return refuse("step", wished.step_at);
    if (wished.arrival) return refuse("arrival", wished.arrival_at);
    return {};
}

Problem put_thresholds(plan::WishedLoad& load, const PlanFlags& flags) {
    for (const std::string& text : flags.thresholds) {
        Parsed<plan::Threshold> threshold = plan::parse_threshold(text);
        if (!threshold) return Fault{fmt::format("--threshold: {}", threshold.why())};
        load.thresholds.push_back(std::move(*threshold));
    }
    return {};
}

Parsed<plan::Load> load_of(const plan::WishedLoad& wished, const PlanFlags& flags) {
    plan::Load load;
    load.model = wished.rate ? plan::Model::open : plan::Model::closed;
    load.arrival = wished.arrival.value_or(plan::Arrival::uniform);
    load.connections = wished.connections.value_or(wished.rate ? kOpenConnections : kClosedConnections);
    load.duration = wished.duration.value_or(flags.usual_duration);
    load.warm_up = wished.warm_up.value_or(flags.usual_warm_up);
    load.timeout = wished.timeout.value_or(kTimeout);
    load.threads = wished.threads.value_or(1);
    load.seed = wished.seed.value_or(1);
    if (wished.rate) {
        Parsed<std::vector<plan::RatePoint>> points =
            plan::points_of({*wished.rate, wished.ramp, wished.step}, load.warm_up, load.duration);
        if (!points) return at(wished.ramp ? wished.ramp_at : wished.step_at, points.why());
        load.profile = std::move(*points);
    } else if (Problem problem = check_shapeless(wished)) {
        return std::move(*problem);
    }
    return load;
}

Parsed<std::string> body_of(const PlanFlags& flags) {
    if (flags.body && flags.body_file) return Fault{"--body and --body-file: one of them, please"};
    if (flags.body_file) return plan::file_contents(*flags.body_file, plan::kMostBody);
    return flags.body.value_or("");
}

// The request that the flags describe, but for where it goes.
Parsed<plan::Endpoint> request_of(const PlanFlags& flags) {
    plan::Endpoint endpoint;
    Parsed<std::string> body = body_of(flags);
    if (!body) return body.fault();
    endpoint.body = std::move(*body);
    endpoint.method = !flags.method.empty() ? flags.method : flags.body || flags.body_file ? "POST" : "GET";
    if (Problem problem = plan::check_method(endpoint.method)) return Fault{"--method: " + problem->why};
    for (const std::string& text : flags.headers) {
        Parsed<plan::Header> header = plan::parse_header(text);
        if (!header) return Fault{"--header: " + header.why()};
        endpoint.headers.push_back(std::move(*header));
    }
    if (Problem problem = plan::check_headers(endpoint.headers)) return Fault{"--header: " + problem->why};
    endpoint.fresh_connection = flags.fresh_connections;
    return endpoint;
}

Problem put_urls(std::vector<plan::Endpoint>& endpoints, const PlanFlags& flags) {
    Parsed<plan::Endpoint> request = request_of(flags);
    if (!request) return request.fault();
    if (flags.urls.size() > plan::kMostEndpoints)
        return Fault{fmt::format("{} URLs: at most {}", flags.urls.size(), plan::kMostEndpoints)};
    for (const std::string& url : flags.urls) {
        Parsed<plan::Address> address = plan::parse_url(url);
        if (!address) return address.fault();
        plan::Endpoint endpoint = *request;
        endpoint.kind = address->kind;
        endpoint.target = std::move(address->target);
        endpoints.push_back(std::move(endpoint));
    }
    return {};
}

bool describes_a_request(const PlanFlags& flags) {
    return !flags.urls.empty() || !flags.method.empty() || !flags.headers.empty() || flags.body ||
           flags.body_file || flags.fresh_connections;
}

Parsed<plan::Scenario> wishes_of(const PlanFlags& flags) {
    if (flags.scenario.empty()) {
        plan::Scenario scenario;
        if (flags.urls.empty()) return Fault{"a URL, please, or --scenario FILE"};
        if (Problem problem = put_urls(scenario.endpoints, flags)) return std::move(*problem);
        return scenario;
    }
    if (describes_a_request(flags))
        return Fault{
            "--scenario says what is sent: no URL, method, header, body or --fresh-connections beside it"};
    return plan::read_scenario(flags.scenario);
}

}  // namespace

void hide_flags(CLI::App& command, std::initializer_list<const char*> names) {
    for (const char* name : names) command.get_option(name)->group("");
}

void add_plan_flags(CLI::App& command, PlanFlags& flags, bool urls) {
    if (urls)
        command.add_option("URL", flags.urls, "http, https, ws, wss; http+unix:/run/app.sock:/path")
            ->type_name("");
    const auto text = [&command](const std::string& name, auto& place, const std::string& help,
                                 const std::string& type) {
        return command.add_option(name, place, help)->type_name(type)->group("What is sent");
    };
    text("--scenario", flags.scenario, "endpoints, weights, bodies and expectations from a TOML file",
         "FILE");
    text("-X,--method", flags.method, "default: GET, POST with a body", "METHOD");
    text("-H,--header", flags.headers, "'Name: value'; repeatable", "FIELD")->allow_extra_args(false);
    text("--body", flags.body, "the request's body", "TEXT");
    text("--body-file", flags.body_file, "the request's body from a file", "FILE");
    command
        .add_flag("--fresh-connections", flags.fresh_connections, "a connection of its own for each request")
        ->group("What is sent");
    const auto load = [&command](const std::string& name, auto& place, const std::string& help,
                                 const std::string& type) {
        command.add_option(name, place, help)->type_name(type)->group("How much, and when");
    };
    load("-r,--rate", flags.rate,
         "open model: requests per second, each due at its time; latency counts from then", "N");
    load("-c,--connections", flags.connections,
         "closed model: as many users, one request each at a time (10); with --rate: at most (256)", "N");
    load("-d,--duration", flags.duration, "what is measured (10s; find-max and compare 5s)", "TIME");
    load("--warm-up", flags.warm_up, "before it, not measured (0s; compare 1s)", "TIME");
    load("--arrival", flags.arrival, "uniform or poisson (uniform)", "KIND");
    load("--ramp", flags.ramp, "the rate rises from FROM (0) to --rate in the first TIME", "[FROM:]TIME");
    load("--step", flags.step, "BY more each time EVERY has passed, up to LIMIT", "BY:EVERY[:LIMIT]");
    load("--timeout", flags.timeout, "of one request, and of the end (10s)", "TIME");
    load("-t,--threads", flags.threads, "of the generator; auto: one for each core (1)", "N");
    load("--seed", flags.seed, "of arrivals and endpoints (1)", "N");
    command
        .add_option("--threshold", flags.thresholds,
                    "'p99<50ms', 'errors<0.1%', '/io:p99<20ms', 'rate>=99%'; repeatable")
        ->type_name("RULE")
        ->allow_extra_args(false)
        ->group("What is asked of the answers");
    command.add_flag("-k,--insecure", flags.trust.insecure, "certificates are not verified")->group("TLS");
    const auto file = [&command](const std::string& name, std::string& place, const std::string& help) {
        command.add_option(name, place, help)->type_name("FILE")->group("TLS");
    };
    file("--ca", flags.trust.ca_file, "whom to trust beside the system's authorities, PEM");
    file("--cert", flags.trust.certificate, "the client's certificate, PEM");
    file("--key", flags.trust.key, "and its key, PEM");
}

Parsed<plan::Plan> make_plan(const PlanFlags& flags) {
    Parsed<plan::Scenario> wishes = wishes_of(flags);
    if (!wishes) return wishes.fault();
    forget_the_files_shape(wishes->load, flags);
    if (Problem problem = put_load(wishes->load, flags)) return std::move(*problem);
    if (Problem problem = put_thresholds(wishes->load, flags)) return std::move(*problem);
    Parsed<plan::Load> load = load_of(wishes->load, flags);
    if (!load) return load.fault();
    plan::Plan plan;
    plan.endpoints = std::move(wishes->endpoints);
    plan::name_endpoints(plan.endpoints);
    plan.load = std::move(*load);
    plan.thresholds = std::move(wishes->load.thresholds);
    plan.trust = flags.trust;
    if (Problem problem = plan::check_thresholds(plan)) return std::move(*problem);
    return plan;
}

}  // namespace loadgen::cli
