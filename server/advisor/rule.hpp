// The rules: pure functions from what happened and what is known to advice.
//
// Threads: pure functions, constants. Lifetime: the whole process.
// Cannot: guess: with too little to go by, a rule says what is lacking instead.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/advisor/advice.hpp"
#include "server/advisor/window.hpp"

namespace baton::advisor {

struct Verdict {
    std::vector<Advice> advice;
    // What is lacking, for "not enough data: ..."; nothing when the rule could judge.
    std::optional<std::string> lacks;
};

struct Rule {
    std::string_view id;  // docs/advice/ID.md
    Verdict (*judge)(const Window& window, const Facts& facts);
};

std::span<const Rule> rules();

// --- Of a route (rules/route_kind.cpp, convoy.cpp, lock_wait.cpp).
Verdict cpu_bound(const Window& window, const Facts& facts);
Verdict io_bound(const Window& window, const Facts& facts);
Verdict native(const Window& window, const Facts& facts);
Verdict convoyed(const Window& window, const Facts& facts);
Verdict lock_wait(const Window& window, const Facts& facts);
// --- Of the GIL (rules/ceiling.cpp, parallel.cpp, long_hold.cpp, gc.cpp).
Verdict ceiling(const Window& window, const Facts& facts);
Verdict parallel(const Window& window, const Facts& facts);
Verdict long_hold(const Window& window, const Facts& facts);
Verdict gc_pauses(const Window& window, const Facts& facts);
// Is that code that does not let go, and not a thread that the kernel stopped now and then?
bool does_not_let_go(const Window& window, const KeptWindow& kept);
// --- Of threads and queues (rules/threads.cpp).
Verdict threads(const Window& window, const Facts& facts);
Verdict too_few_threads(const Window& window, const Facts& facts);
Verdict queue_rejecting(const Window& window, const Facts& facts);
// --- Of event loops (rules/event_loop.cpp).
Verdict loop_blocked(const Window& window, const Facts& facts);
Verdict loop_full(const Window& window, const Facts& facts);

}  // namespace baton::advisor
