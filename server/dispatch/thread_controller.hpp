// How many interpreter threads there should be: the decision, and why.
//
// Threads: pure functions.
// Lifetime: values.
// Cannot: measure or change anything; the ThreadKeeper does both.
//
// A thread that is off the GIL costs memory alone, so requests that wait for something else are worth a
// thread each. A thread that stands in line for the GIL gains nothing: when the lock is held all the time,
// there are enough.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace baton::dispatch {

struct ThreadLimits {
    std::size_t min = 1;
    std::size_t max = 1;
    double cpus = 1;  // what the process may use
    bool automatic() const { return min != max; }
};

// What was seen. Shares are of the last period; on a call out of turn `held` and `waiting` are of this
// moment.
struct ThreadObservation {
    bool crowded = false;  // a call out of turn: requests wait, and none was taken for a millisecond
    std::size_t size = 0;
    std::size_t idle = 0;
    std::size_t queued = 0;
    std::size_t spare = 0;  // the fewest threads that were idle at one time, for long; 0: not known
    bool exact = true;      // the ledger's; otherwise `held` is CPU time of Python threads and `waiting` 0
    double held = 0;        // share of the time that somebody held the GIL
    double waiting = 0;     // threads in line for it, on average
    double cpu = 0;         // CPUs in use by the process
};

enum class ThreadReason {
    fixed,
    started,
    enough,
    queue,
    within_reach,
    overtake,
    saturated,
    cpu_full,
    at_maximum,
    ledger_off,
    refused,
    idle,
};
// The words of metrics and status, in the order of the enumeration.
inline constexpr std::array<std::string_view, 12> kThreadReasons = {
    "fixed",     "started",  "enough",     "queue",      "within_reach", "overtake",
    "saturated", "cpu_full", "at_maximum", "ledger_off", "refused",      "idle"};
std::string_view word(ThreadReason reason);

struct ThreadDecision {
    std::size_t target = 0;  // how many threads there should be
    ThreadReason reason = ThreadReason::enough;
};
ThreadDecision decide(const ThreadObservation& seen, const ThreadLimits& limits);

// One sentence for people.
std::string explain(ThreadReason reason, const ThreadObservation& seen, const ThreadLimits& limits);

}  // namespace baton::dispatch
