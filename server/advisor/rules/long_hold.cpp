// Who keeps the GIL for long at a stretch although others have asked for it: as a rule a C extension.
#include <fmt/format.h>

#include <algorithm>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

using metrics::Phase;

constexpr std::uint64_t kLeastCount = 5;
constexpr Nanoseconds kLeastInAll = 200'000'000;  // waited for it, by all
constexpr double kLargeShare = 0.1;               // of the window
// Below it the kernel has stopped the thread while it held the GIL, which looks the same.
constexpr double kHadCpu = 0.7;

// Of the time that the route holds the GIL. A full machine stops any thread now and then while it holds the
// GIL; code that does not let go keeps others waiting nearly every time.
constexpr double kOfHolds = 0.1;

// The worst of the last minute of whose place in the code is known; null: none is.
const NamedHold* worst(const Facts& facts, const std::string& by) {
    const NamedHold* found = nullptr;
    for (const NamedHold& hold : facts.named_holds) {
        if (hold.by == by && (found == nullptr || hold.unheeded > found->unheeded)) found = &hold;
    }
    return found;
}

std::string of_place(const NamedHold* known) {
    if (known == nullptr) return " The line that calls it has not been caught in the last minute.";
    return fmt::format(
        " The worst one that was caught went on for {} after it had been asked to let go, in a call from {}.",
        duration(known->unheeded), known->where);
}

std::string what_to_do(const NamedHold* known) {
    constexpr std::string_view kChange =
        "make that call smaller, find one that lets go of the GIL (Py_BEGIN_ALLOW_THREADS), or move it to a "
        "process of its own.";
    if (known != nullptr) return fmt::format("In {}: {}", known->where, kChange);
    return fmt::format("Find the call: --log-long-holds 20ms logs each one with its stack. Then {}", kChange);
}

// The share of its holds in which the route's threads had a CPU.
double had_cpu(const RouteWindow* route) {
    if (route == nullptr || (*route)[Phase::gil_hold] <= 0) return 1.0;
    return static_cast<double>(route->cpu) / static_cast<double>((*route)[Phase::gil_hold]);
}

Advice advise(const Window& window, const Facts& facts, const KeptWindow& kept) {
    const RouteWindow* const route = window.route(kept.holding);
    const NamedHold* const known = worst(facts, kept.holding);
    const auto count = static_cast<double>(kept.count);
    const double mean = static_cast<double>(kept.time) / count;
    Advice advice;
    advice.id = "long_hold";
    advice.severity = window.share(kept.time) >= kLargeShare ? Severity::warning : Severity::hint;
    if (route != nullptr) advice.route = route->label;
    if (route == nullptr) advice.interpreter = "main";
    advice.weight = window.share(kept.time);
    advice.title = known == nullptr
                       ? kept.holding + " keeps the GIL while others ask for it"
                       : fmt::format("{} keeps the GIL in a call from {}", kept.holding, known->where);
    advice.finding = fmt::format(
        "{} times a thread waited for 20 ms or more, {} on average, for one uninterrupted hold of {}. Its "
        "longest hold was {}. Python code lets go within milliseconds when it is asked, C code that does not "
        "look keeps the GIL until it returns.",
        kept.count, duration(mean), kept.holding, duration(kept.longest));
    advice.finding += of_place(known);
    if (const double cpu = had_cpu(route); cpu < kHadCpu)
        advice.finding += fmt::format(
            " Its threads had a CPU for {} of their holds only: part of this is a machine that is too full.",
            percent(cpu));
    advice.do_this = what_to_do(known);
    advice.expect = fmt::format("Nobody waits at a stretch for longer than a few milliseconds; now it is {}.",
                                duration(mean));
    advice.numbers = {{"long_waits", count},
                      {"waited_seconds", seconds(kept.time)},
                      {"mean_wait_seconds", mean / 1e9},
                      {"longest_hold_seconds", seconds(kept.longest)}};
    return advice;
}

}  // namespace

bool does_not_let_go(const Window& window, const KeptWindow& kept) {
    if (kept.count < kLeastCount || kept.time < kLeastInAll) return false;
    const RouteWindow* const route = window.route(kept.holding);
    return route == nullptr ||
           static_cast<double>(kept.time) >= kOfHolds * static_cast<double>((*route)[Phase::gil_hold]);
}

Verdict long_hold(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_books(facts);
    if (!verdict.lacks) verdict.lacks = lacks_time(window);
    if (verdict.lacks) return verdict;
    for (const KeptWindow& kept : window.kept) {
        if (does_not_let_go(window, kept)) verdict.advice.push_back(advise(window, facts, kept));
    }
    return verdict;
}

}  // namespace baton::advisor
