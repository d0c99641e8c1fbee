#include "loadgen/fleet/plan_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "loadgen/fleet/json_object.hpp"
#include "loadgen/plan/fields.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/plan/scenario.hpp"
#include "loadgen/plan/url.hpp"

namespace loadgen::fleet {

namespace json = boost::json;

namespace {

// The bounds of what can be written on a command line or in a scenario; the text of a URL bounds the rest.
constexpr std::size_t kLongestText = 64 * 1024;
constexpr std::size_t kLongestSocket = 107;
constexpr std::size_t kMostHeaders = 100;
constexpr std::size_t kMostStatuses = 100;
constexpr std::size_t kMostPoints = 30'000;
constexpr std::size_t kMostParts = 4096;
constexpr double kMostWeight = 1e6;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostMessages = 1'000'000;
constexpr std::uint64_t kLongestMessage = 16 << 20;
constexpr double kMostSeconds = 2e6;  // two weeks and more

// --- Writing

json::value value_of(const plan::Target& target) {
    return json::object{{"tls", target.tls},
                        {"host", target.host},
                        {"port", target.port},
                        {"unix_socket", target.unix_socket},
                        {"authority", target.authority},
                        {"path", target.path}};
}

json::value value_of(const plan::Expectation& expect) {
    json::array statuses;
    for (const auto& [first, last] : expect.statuses) statuses.push_back(json::array{first, last});
    return json::object{
        {"statuses", std::move(statuses)},
        {"body_contains", base64(expect.body_contains)},
        {"body_bytes", expect.body_bytes ? json::value(*expect.body_bytes) : json::value(nullptr)},
        {"within", expect.within ? json::value(expect.within->count()) : json::value(nullptr)}};
}

json::value value_of(const plan::Endpoint& endpoint) {
    json::array headers;
    for (const plan::Header& header : endpoint.headers)
        headers.push_back(json::object{{"name", header.name}, {"value", base64(header.value)}});
    return json::object{
        {"name", endpoint.name},
        {"kind", endpoint.kind == plan::Kind::websocket ? "websocket" : "http"},
        {"target", value_of(endpoint.target)},
        {"method", endpoint.method},
        {"headers", std::move(headers)},
        {"body", base64(endpoint.body)},
        {"chunked", endpoint.chunked},
        {"weight", exact_text(endpoint.weight)},
        {"fresh_connection", endpoint.fresh_connection},
        {"first_byte", endpoint.first_byte},
        {"pace", json::object{{"send", endpoint.pace.send}, {"receive", endpoint.pace.receive}}},
        {"echo", json::object{{"messages", endpoint.echo.messages},
                              {"bytes", endpoint.echo.bytes},
                              {"text", endpoint.echo.text}}},
        {"expect", value_of(endpoint.expect)}};
}

json::value value_of(const plan::Load& load) {
    json::array profile;
    for (const plan::RatePoint& point : load.profile)
        profile.push_back(json::object{{"at", exact_text(point.at)}, {"rate", exact_text(point.rate)}});
    return json::object{{"model", load.model == plan::Model::open ? "open" : "closed"},
                        {"profile", std::move(profile)},
                        {"arrival", load.arrival == plan::Arrival::poisson ? "poisson" : "uniform"},
                        {"connections", load.connections},
                        {"duration", load.duration.count()},
                        {"warm_up", load.warm_up.count()},
                        {"timeout", load.timeout.count()},
                        {"threads", load.threads},
                        {"seed", load.seed},
                        {"part", load.part},
                        {"parts", load.parts}};
}

// --- Reading

void check(const plan::Problem& problem, std::string_view what) {
    if (problem) throw Wrong{fmt::format("{}: {}", what, problem->why)};
}

// One of two words; true for the second.
bool second_of(Object& object, std::string_view name, std::string_view first, std::string_view second) {
    const std::string text = object.text(name, 20);
    if (text != first && text != second)
        object.refuse(name, fmt::format("is neither {} nor {}", first, second));
    return text == second;
}

plan::Target target_of(const json::value& value) {
    Object object(value, "target");
    plan::Target target;
    target.tls = object.truth("tls");
    target.host = object.text("host", 253);
    target.port = object.text("port", 5);
    target.unix_socket = object.text("unix_socket", kLongestSocket);
    target.authority = object.text("authority", 300);
    target.path = object.text("path", kLongestText);
    object.end();
    if (target.host.empty() == target.unix_socket.empty())
        throw Wrong{"target has not either a host or a Unix socket"};
    if (!target.host.empty() &&
        (target.port.empty() || target.port.find_first_not_of("0123456789") != std::string::npos))
        object.refuse("port", "is not a number");
    if (target.authority.empty() || target.authority.find(' ') != std::string::npos)
        object.refuse("authority", "is not one");
    const plan::Parsed<std::string> path = plan::parse_path(target.path);
    if (!path || *path != target.path) object.refuse("path", "is not as it goes into a request line");
    return target;
}

std::vector<plan::Header> headers_of(const json::array& array) {
    std::vector<plan::Header> headers;
    for (const json::value& value : array) {
        Object object(value, "a header");
        plan::Header& header = headers.emplace_back();
        header.name = object.text("name", kLongestText);
        header.value = object.bytes("value", kLongestText);
        object.end();
    }
    check(plan::check_headers(headers), "headers");
    return headers;
}

std::pair<int, int> statuses_of(const json::value& value) {
    const json::array* pair = value.if_array();
    if (pair == nullptr || pair->size() != 2) throw Wrong{"statuses are not pairs"};
    const std::int64_t* first = (*pair)[0].if_int64();
    const std::int64_t* last = (*pair)[1].if_int64();
    if (first == nullptr || last == nullptr || *first < 0 || *last > 999 || *first > *last)
        throw Wrong{"statuses are not ranges"};
    return {static_cast<int>(*first), static_cast<int>(*last)};
}

plan::Expectation expectation_of(const json::value& value) {
    Object object(value, "expect");
    plan::Expectation expect;
    for (const json::value& each : object.array("statuses", kMostStatuses))
        expect.statuses.push_back(statuses_of(each));
    expect.body_contains = object.bytes("body_contains", kLongestText);
    if (!object.null("body_bytes")) expect.body_bytes = object.whole("body_bytes", 0, kMostBytes);
    if (!object.null("within")) expect.within = object.nanoseconds("within", Nanoseconds(1), plan::kLongest);
    object.end();
    return expect;
}

plan::Pace pace_of(const json::value& value) {
    Object object(value, "pace");
    const plan::Pace pace{object.whole("send", 0, kMostBytes), object.whole("receive", 0, kMostBytes)};
    object.end();
    return pace;
}

plan::Echo echo_of(const json::value& value) {
    Object object(value, "echo");
    const plan::Echo echo{static_cast<std::uint32_t>(object.whole("messages", 1, kMostMessages)),
                          static_cast<std::uint32_t>(object.whole("bytes", 0, kLongestMessage)),
                          object.truth("text")};
    object.end();
    return echo;
}

plan::Endpoint endpoint_of(const json::value& value) {
    Object object(value, "an endpoint");
    plan::Endpoint endpoint;
    endpoint.name = object.text("name", kLongestText);
    endpoint.kind = second_of(object, "kind", "http", "websocket") ? plan::Kind::websocket : plan::Kind::http;
    endpoint.target = target_of(object.at("target"));
    endpoint.method = object.text("method", 32);
    check(plan::check_method(endpoint.method), "method");
    endpoint.headers = headers_of(object.array("headers", kMostHeaders));
    endpoint.body = object.bytes("body", plan::kMostBody);
    endpoint.chunked = object.truth("chunked");
    endpoint.weight = object.exact("weight", std::numeric_limits<double>::min(), kMostWeight);
    endpoint.fresh_connection = object.truth("fresh_connection");
    endpoint.first_byte = object.truth("first_byte");
    endpoint.pace = pace_of(object.at("pace"));
    endpoint.echo = echo_of(object.at("echo"));
    endpoint.expect = expectation_of(object.at("expect"));
    object.end();
    return endpoint;
}

std::vector<plan::RatePoint> profile_of(const json::array& array) {
    std::vector<plan::RatePoint> profile;
    for (const json::value& value : array) {
        Object object(value, "a point of the profile");
        const plan::RatePoint point{object.exact("at", 0, kMostSeconds),
                                    object.exact("rate", 0, plan::kHighestRate)};
        object.end();
        if (!profile.empty() && point.at < profile.back().at) throw Wrong{"profile does not ascend"};
        profile.push_back(point);
    }
    return profile;
}

plan::Load load_of(const json::value& value) {
    Object object(value, "load");
    plan::Load load;
    load.model = second_of(object, "model", "open", "closed") ? plan::Model::closed : plan::Model::open;
    load.profile = profile_of(object.array("profile", kMostPoints));
    if (load.profile.empty() != (load.model == plan::Model::closed))
        object.refuse("profile", "does not go with its model");
    load.arrival =
        second_of(object, "arrival", "uniform", "poisson") ? plan::Arrival::poisson : plan::Arrival::uniform;
    load.connections = object.whole("connections", 1, plan::kMostConnections);
    load.duration = object.nanoseconds("duration", Nanoseconds(1), plan::kLongest);
    load.warm_up = object.nanoseconds("warm_up", Nanoseconds(0), plan::kLongest);
    load.timeout = object.nanoseconds("timeout", Nanoseconds(1), plan::kLongest);
    load.threads = object.whole("threads", 1, plan::kMostThreads);
    load.seed = object.whole("seed", 0, plan::kMostSeed);
    load.part = object.whole("part", 0, kMostParts - 1);
    load.parts = object.whole("parts", load.part + 1, kMostParts);
    object.end();
    return load;
}

}  // namespace

json::value to_json(const plan::Plan& plan) {
    json::array endpoints;
    for (const plan::Endpoint& endpoint : plan.endpoints) endpoints.push_back(value_of(endpoint));
    return json::object{{"endpoints", std::move(endpoints)},
                        {"load", value_of(plan.load)},
                        {"insecure", plan.trust.insecure}};
}

plan::Plan plan_of(const json::value& value) {
    Object object(value, "plan");
    plan::Plan plan;
    for (const json::value& endpoint : object.array("endpoints", plan::kMostEndpoints))
        plan.endpoints.push_back(endpoint_of(endpoint));
    if (plan.endpoints.empty()) object.refuse("endpoints", "is empty");
    plan.load = load_of(object.at("load"));
    plan.trust.insecure = object.truth("insecure");
    object.end();
    return plan;
}

}  // namespace loadgen::fleet
