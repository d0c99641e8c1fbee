#include "server/admin/status.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "server/admin/gil_status.hpp"
#include "server/admin/loop_status.hpp"
#include "server/metrics/labels.hpp"
#include "server/metrics/quantile.hpp"

namespace baton::admin {
namespace {

namespace json = boost::json;
using metrics::Nanoseconds;
using metrics::Observation;

constexpr std::size_t kTopRoutes = 20;

double seconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

json::value or_null(std::optional<double> value) {
    return value ? json::value(*value) : json::value(nullptr);
}

struct Route {
    routing::RouteId id = 0;
    metrics::RequestCount all{};  // over all methods and status codes
    std::uint64_t server_errors = 0;
};

std::vector<Route> routes_by_time(const Observation& seen) {
    std::vector<Route> routes;
    for (const auto& [id, totals] : seen.totals.routes) {
        Route route{.id = id};
        for (const auto& [outcome, count] : totals.durations) {
            route.all += count;
            if (outcome.status >= 500) route.server_errors += count.count();
        }
        routes.push_back(route);
    }
    std::stable_sort(routes.begin(), routes.end(),
                     [](const Route& a, const Route& b) { return a.all.sum > b.all.sum; });
    return routes;
}

json::object describe(const Route& route, const Observation& seen) {
    const std::uint64_t count = route.all.count();
    json::object phases;
    const metrics::RouteTotals& totals = seen.totals.routes.at(route.id);
    for (std::size_t i = 0; i < metrics::kPhases; ++i) {
        phases[metrics::kPhaseNames[i]] = seconds(totals.phases[i].sum);
    }
    json::object out;
    out["route"] = seen.route_labels[route.id];
    out["requests"] = count;
    out["server_errors"] = route.server_errors;
    out["seconds"] = seconds(route.all.sum);
    out["mean_seconds"] = count == 0 ? 0.0 : seconds(route.all.sum) / static_cast<double>(count);
    out["p50_seconds"] = or_null(metrics::quantile(route.all, metrics::kRequestBounds, 0.5));
    out["p99_seconds"] = or_null(metrics::quantile(route.all, metrics::kRequestBounds, 0.99));
    out["phase_seconds"] = std::move(phases);
    out["cpu_seconds"] = seconds(totals.cpu.sum);
    out["longest_hold_seconds"] = or_null(longest_hold(seen, static_cast<metrics::Party>(route.id)));
    return out;
}

json::array routes_array(const Observation& seen, std::size_t most) {
    json::array out;
    for (const Route& route : routes_by_time(seen)) {
        if (out.size() == most) break;
        out.push_back(describe(route, seen));
    }
    return out;
}

json::object gil_object(const Observation& seen) {
    json::array interpreters;
    for (const metrics::GilSample& gil : seen.gils) {
        json::object one{{"interpreter", gil.interpreter}, {"enabled", gil.enabled}};
        if (gil.enabled && gil.exact) {
            one["held_seconds"] = seconds(gil.held);
            one["waiting_seconds"] = seconds(gil.waiting);
            one["releases"] = {{"forced", gil.forced}, {"voluntary", gil.voluntary}};
            one["waiters"] = gil.waiters;
            one["hold_p99_seconds"] = or_null(metrics::quantile(gil.holds, metrics::kPhaseBounds, 0.99));
            one["wait_p99_seconds"] = or_null(metrics::quantile(gil.waits, metrics::kPhaseBounds, 0.99));
        }
        interpreters.push_back(std::move(one));
    }
    return {{"policy", seen.runtime.gil_policy},          {"ledger", seen.runtime.ledger},
            {"interpreters", std::move(interpreters)},    {"blame", blame_array(seen)},
            {"longest_holds", longest_holds_array(seen)}, {"gc", gc_array(seen)}};
}

json::object requests_object(const Observation& seen) {
    json::object rejected;
    for (std::size_t i = 0; i < metrics::kRejectionNames.size(); ++i) {
        rejected[metrics::kRejectionNames[i]] = seen.totals.rejected[i];
    }
    return {{"active", seen.totals.active_requests},
            {"total", seen.totals.requests},
            {"per_cpu_second", seen.requests_per_cpu_second},
            {"rejected", std::move(rejected)}};
}

json::object cpu_object(const Observation& seen) {
    json::object out;
    for (std::size_t i = 0; i < metrics::kRoleNames.size(); ++i) {
        out[metrics::kRoleNames[i]] = seconds(seen.cpu_by_role[i]);
    }
    out["process"] = seconds(seen.process.cpu);
    return out;
}

}  // namespace

double uptime_seconds(const Observation& seen) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::max(0.0, std::chrono::duration<double>(now).count() - seen.process.start_time);
}

json::object threads_object(const metrics::ThreadStates& threads) {
    const dispatch::ThreadReport& keeper = threads.keeper;
    const std::chrono::duration<double> at = keeper.at.time_since_epoch();
    return {{"size", threads.running + threads.waiting + threads.off_gil + threads.idle},
            {"running", threads.running},
            {"waiting", threads.waiting},
            {"off_gil", threads.off_gil},
            {"idle", threads.idle},
            {"min", keeper.limits.min},
            {"max", keeper.limits.max},
            {"automatic", keeper.limits.automatic()},
            {"decision", keeper.change > 0   ? "grow"
                         : keeper.change < 0 ? "shrink"
                                             : "hold"},
            {"reason", dispatch::word(keeper.reason)},
            {"text", keeper.text},
            {"at", at.count()}};
}

std::string status_json(const Observation& seen, Readiness readiness) {
    json::object out;
    out["version"] = seen.runtime.version;
    out["python"] = seen.runtime.python_version;
    out["mode"] = seen.runtime.mode;
    out["interface"] = seen.runtime.interface;
    out["state"] = word(readiness);
    out["pid"] = getpid();
    out["started_at"] = seen.process.start_time;
    out["uptime_seconds"] = uptime_seconds(seen);
    out["gil"] = gil_object(seen);
    out["threads"] = threads_object(seen.threads);
    out["python_threads"] = python_threads_array(seen);
    out["event_loops"] = loops_array(seen);
    out["queue_length"] = seen.queue_length;
    out["connections"] = {{"active", seen.totals.connections_active},
                          {"idle", seen.totals.connections_idle},
                          {"total", seen.totals.connections_opened}};
    out["websockets"] = {{"open", seen.totals.websockets},
                         {"messages_received", seen.totals.websocket_messages_in},
                         {"messages_sent", seen.totals.websocket_messages_out}};
    out["requests"] = requests_object(seen);
    out["bytes"] = {{"received", seen.totals.received}, {"sent", seen.totals.sent}};
    out["cpu_seconds"] = cpu_object(seen);
    out["memory_bytes"] = seen.process.resident_bytes;
    out["open_fds"] = seen.process.open_fds;
    out["routes"] = routes_array(seen, kTopRoutes);
    return json::serialize(out) + '\n';
}

std::string routes_json(const Observation& seen) {
    return json::serialize(routes_array(seen, std::numeric_limits<std::size_t>::max())) + '\n';
}

}  // namespace baton::admin
