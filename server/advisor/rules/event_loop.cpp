// Event loops: callbacks that keep one for long, and loops that are at work all the time.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"
#include "server/metrics/quantile.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr std::uint64_t kLeastCount = 3;
constexpr Nanoseconds kLeastInAll = 200'000'000;
constexpr double kLargeShare = 0.1;
constexpr Nanoseconds kVeryLong = 500'000'000;
constexpr double kFull = 0.9;

constexpr std::string_view kWaits =
    "It calls something that waits without awaiting: use the asynchronous counterpart, or "
    "asyncio.to_thread(). The log has its stack (--log-slow-callbacks).";

// Going by all of the route's requests, of which nobody knows when they had the GIL.
std::string what_to_do_without_books(const Facts& facts, const RouteWindow& route) {
    if (2 * route.cpu <= route.work()) return std::string(kWaits);
    if (!facts.gil)
        return "It computes: call it with asyncio.to_thread(). Without a GIL a thread computes beside the "
               "loop.";
    return "It computes. If that is Python code, give it to a process pool; if it is native code that lets "
           "go of the GIL, call it with asyncio.to_thread().";
}

// Does what blocks compute, going by all of the route's requests?
bool computes(const RouteWindow* route) {
    return route != nullptr && 2 * (*route)[Phase::gil_hold] > route->work();
}

std::string what_to_do(const Facts& facts, const RouteWindow* route) {
    if (route == nullptr)
        return "Find the task that computes or calls what blocks; the log has its stack "
               "(--log-slow-callbacks).";
    if (!facts.books()) return what_to_do_without_books(facts, *route);
    if (computes(route))
        return "It computes. Give it to a process pool; in a thread it would no longer stop the loop, but "
               "still hold the GIL.";
    if (2 * route->native() > route->work())
        return "It computes in native code that lets go of the GIL: call it with asyncio.to_thread().";
    return std::string(kWaits);
}

Advice advise(const Window& window, const Facts& facts, const LoopWindow& loop, const StepWindow& steps) {
    const RouteWindow* const route = steps.route.empty() ? nullptr : window.route(steps.route);
    const std::string name = steps.route.empty() ? "A task outside of requests" : steps.route;
    const double mean = static_cast<double>(steps.time) / static_cast<double>(steps.count);
    const double share = window.share(steps.time);
    const std::optional<double> late = metrics::quantile(loop.lag, metrics::kPhaseBounds, 0.99);
    Advice advice;
    advice.id = "loop_blocked";
    advice.severity = share >= kLargeShare || steps.longest >= kVeryLong ? Severity::warning : Severity::hint;
    if (!steps.route.empty()) advice.route = steps.route;
    if (steps.route.empty()) advice.interpreter = loop.interpreter;
    advice.weight = share;
    advice.title = name + " blocks the event loop";
    advice.finding = fmt::format(
        "{} of {} took 20 ms or more, {} on average, together {} of the time; the longest since the start "
        "took {}. Nothing else runs on the loop meanwhile: one callback in a hundred was {} late or more.",
        plural(steps.count, "callback"), steps.route.empty() ? "no request" : steps.route, duration(mean),
        percent(share), duration(steps.longest), duration(late.value_or(0.0) * 1e9));
    advice.do_this = what_to_do(facts, route);
    advice.expect = fmt::format("Other requests of the loop no longer wait {} for it.", duration(mean));
    advice.numbers = {{"long_callbacks", static_cast<double>(steps.count)},
                      {"mean_callback_seconds", mean / 1e9},
                      {"longest_callback_seconds", seconds(steps.longest)},
                      {"share_of_time", share},
                      {"lag_p99_seconds", late.value_or(0.0)}};
    return advice;
}

}  // namespace

Verdict loop_blocked(const Window& window, const Facts& facts) {
    Verdict verdict;
    if (window.loops.empty()) return verdict;
    verdict.lacks = lacks_time(window);
    if (verdict.lacks) return verdict;
    for (const LoopWindow& loop : window.loops) {
        for (const StepWindow& steps : loop.long_steps) {
            if (steps.count >= kLeastCount && steps.time >= kLeastInAll)
                verdict.advice.push_back(advise(window, facts, loop, steps));
        }
    }
    return verdict;
}

Verdict loop_full(const Window& window, const Facts& facts) {
    Verdict verdict;
    if (window.loops.empty()) return verdict;
    verdict.lacks = lacks_time(window);
    if (verdict.lacks) return verdict;
    for (const LoopWindow& loop : window.loops) {
        const double share = static_cast<double>(loop.active) /
                             static_cast<double>(std::max<Nanoseconds>(1, loop.active + loop.idle));
        if (share < kFull) continue;
        const std::optional<double> late = metrics::quantile(loop.lag, metrics::kPhaseBounds, 0.5);
        Advice advice;
        advice.id = "loop_full";
        advice.severity = Severity::warning;
        advice.interpreter = loop.interpreter;
        advice.weight = share;
        advice.title = "The event loop is at work all the time";
        advice.finding = fmt::format(
            "The loop runs callbacks {} of the time; one in two was {} late or more. Requests wait before it "
            "takes them and between their steps.",
            percent(share), duration(late.value_or(0.0) * 1e9));
        advice.do_this = fmt::format(
            "Make what runs on it cheaper, beginning with the routes that {} most, or add a process.",
            facts.books() ? "hold the GIL" : "use the CPU");
        advice.expect = "Below 70 % the wait for the loop is short.";
        advice.numbers = {{"active_share", share}, {"lag_p50_seconds", late.value_or(0.0)}};
        verdict.advice.push_back(std::move(advice));
    }
    return verdict;
}

}  // namespace baton::advisor
