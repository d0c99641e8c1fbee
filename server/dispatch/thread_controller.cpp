#include "server/dispatch/thread_controller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baton::dispatch {

namespace {

// Held for so much of the time, the GIL has no room for anybody.
constexpr double kHeldAlways = 0.97;
// From here on it is the line that tells: with two threads in it at any time, it is never free for long.
constexpr double kHeldMostly = 0.85;
constexpr double kLine = 2.0;
// So many in line, and the time in which nobody holds it is that of handing over on a busy machine: no room
// either.
constexpr double kLongLine = 4.0;
// Without the ledger: CPU time of Python threads, of one CPU.
constexpr double kCpuForGil = 0.9;
constexpr double kCpuFull = 0.97;
// Threads that may be there although the GIL (or the CPU) is full, so that a short request need not wait in
// the queue behind long computations: in line for the GIL it can overtake them.
constexpr std::size_t kOvertaking = 16;
// As many as the ledger's absence lets us risk.
constexpr std::size_t kWithoutLedger = 32;

bool cpu_full(const ThreadObservation& seen, const ThreadLimits& limits) {
    return seen.cpu >= kCpuFull * limits.cpus;
}

bool saturated(const ThreadObservation& seen) {
    if (!seen.exact) return seen.held >= kCpuForGil;
    return seen.held >= kHeldAlways || (seen.held >= kHeldMostly && seen.waiting >= kLine) ||
           seen.waiting >= kLongLine;
}

ThreadDecision grown(const ThreadObservation& seen, std::size_t most, ThreadReason reason) {
    // At most twice as many at a time: what the new ones do shows before the next step.
    const std::size_t step = std::clamp(seen.queued, std::size_t{1}, std::max<std::size_t>(seen.size, 1));
    return {std::min(most, seen.size + step), reason};
}

// Out of turn: every thread is in a long request.
ThreadDecision when_crowded(const ThreadObservation& seen, const ThreadLimits& limits, std::size_t most) {
    const bool gil_is_free = !seen.exact || (seen.held < 0.5 && seen.waiting < 1);
    const bool cpu_is_free = !cpu_full(seen, limits);
    if (gil_is_free && cpu_is_free) return grown(seen, most, ThreadReason::within_reach);
    if (seen.size < kOvertaking) return grown(seen, std::min(most, kOvertaking), ThreadReason::overtake);
    return {seen.size, gil_is_free ? ThreadReason::cpu_full : ThreadReason::saturated};
}

}  // namespace

std::string_view word(ThreadReason reason) {
    return kThreadReasons[static_cast<std::size_t>(reason)];
}

ThreadDecision decide(const ThreadObservation& seen, const ThreadLimits& limits) {
    if (!limits.automatic()) return {limits.min, ThreadReason::fixed};
    if (seen.size < limits.min) return {limits.min, ThreadReason::started};
    const bool wanting = seen.queued > 0 && seen.idle == 0;
    if (wanting && seen.size >= limits.max) return {seen.size, ThreadReason::at_maximum};
    const std::size_t most = seen.exact ? limits.max : std::clamp(kWithoutLedger, limits.min, limits.max);
    if (wanting && seen.size >= most) return {seen.size, ThreadReason::ledger_off};
    if (seen.crowded)
        return wanting ? when_crowded(seen, limits, most) : ThreadDecision{seen.size, ThreadReason::enough};
    const bool room = !saturated(seen) && !cpu_full(seen, limits);
    if (wanting) {
        if (room) return grown(seen, most, ThreadReason::queue);
        return {seen.size, saturated(seen) ? ThreadReason::saturated : ThreadReason::cpu_full};
    }
    // Nobody waits, but the next who comes would.
    if (seen.idle == 0 && room && seen.size < most) return {seen.size + 1, ThreadReason::within_reach};
    if (seen.spare > 1 && seen.size > limits.min) {
        const std::size_t going = std::max<std::size_t>(1, (seen.spare - 1) / 4);
        return {std::max(limits.min, seen.size - std::min(seen.size, going)), ThreadReason::idle};
    }
    return {seen.size, ThreadReason::enough};
}

std::string explain(ThreadReason reason, const ThreadObservation& seen, const ThreadLimits& limits) {
    const std::string gil = seen.exact
                                ? fmt::format("the GIL is held {:.0f} % of the time", seen.held * 100)
                                : fmt::format("Python uses {:.2f} CPUs (the ledger is off)", seen.held);
    switch (reason) {
        case ThreadReason::fixed:
            return "the number is given";
        case ThreadReason::started:
            return "the least number, to begin with";
        case ThreadReason::enough:
            return "no request waits for a thread";
        case ThreadReason::queue:
            return fmt::format("{} requests waited for a thread, and {}", seen.queued, gil);
        case ThreadReason::within_reach:
            return "every thread was in a request and off the GIL; one is kept within reach of the next "
                   "request";
        case ThreadReason::overtake:
            return "a request waited behind others that compute; with a thread of its own it can overtake "
                   "them";
        case ThreadReason::saturated:
            return fmt::format(
                "{} requests wait, but {} with {:.1f} threads in line: one more would only join it",
                seen.queued, gil, seen.waiting);
        case ThreadReason::cpu_full:
            return fmt::format("{} requests wait, but {:.1f} of {:.1f} CPUs are in use", seen.queued,
                               seen.cpu, limits.cpus);
        case ThreadReason::at_maximum:
            return fmt::format("{} requests wait, but {} threads are the most that may be", seen.queued,
                               limits.max);
        case ThreadReason::ledger_off:
            return fmt::format("{} requests wait, but while the ledger is off {} threads are enough to risk",
                               seen.queued, seen.size);
        case ThreadReason::refused:
            return "the system refused to start another thread";
        case ThreadReason::idle:
            return fmt::format("for 10 seconds at least {} threads had nothing to do", seen.spare);
    }
    return {};
}

}  // namespace baton::dispatch
