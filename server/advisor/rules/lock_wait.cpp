// A route whose requests wait for locks of Python's own: threading.Lock, queues, joins.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr double kShare = 0.3;  // of the time in the application
constexpr double kLargeShare = 0.7;
constexpr double kLeastWait = 1e6;  // nanoseconds per request

std::optional<Advice> judge(const RouteWindow& route) {
    const Nanoseconds wait = route[Phase::lock_wait];
    const Nanoseconds inside = route.work() + route[Phase::gil_wait];
    const double share = static_cast<double>(wait) / static_cast<double>(std::max<Nanoseconds>(1, inside));
    if (share < kShare || route.per_request(wait) < kLeastWait) return std::nullopt;
    Advice advice;
    advice.id = "lock_wait";
    advice.severity = share >= kLargeShare ? Severity::warning : Severity::hint;
    advice.route = route.label;
    advice.weight = share;
    advice.title = route.label + " waits for Python locks";
    advice.finding = fmt::format(
        "A request of {} spends {} of its {} in the application ({}) waiting, without the GIL, for a lock of "
        "Python's own: threading.Lock, a queue, an event, the end of another thread.",
        route.label, duration(route.per_request(wait)), duration(route.per_request(inside)), percent(share));
    advice.do_this =
        "Hold the lock for less: no I/O and no long computing inside. Where it waits for threads or a pool, "
        "look at what these do. A connection pool that is too small looks the same.";
    advice.expect = fmt::format("Without these waits a request takes {}. More threads only wait as well.",
                                duration(route.per_request(inside - wait)));
    advice.numbers = {{"requests", static_cast<double>(route.requests)},
                      {"lock_wait_seconds_per_request", route.per_request(wait) / 1e9},
                      {"application_seconds_per_request", route.per_request(inside) / 1e9},
                      {"lock_wait_share", share}};
    return advice;
}

}  // namespace

Verdict lock_wait(const Window& window, const Facts& facts) {
    return of_routes(window, facts, judge);
}

}  // namespace baton::advisor
