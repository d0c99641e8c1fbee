// Takes and releases whose number and length are known, compared with what the books say. The comparisons are
// bounds that hold however busy the machine is: what was done lies within what a clock around it shows.
#include <time.h>

#include <atomic>

#include "interp/gil/clock.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/registry.hpp"

namespace baton::gil {

namespace {

constexpr std::uint64_t kRounds = 200;
constexpr std::int64_t kSpan = 1'000'000;  // of the known hold and the known time off the GIL

std::atomic<bool> books_are_exact{false};

std::string count_differs(const char* what, std::uint64_t is, std::uint64_t should_be) {
    return std::string(what) + " counted: " + std::to_string(is) + ", made: " + std::to_string(should_be);
}

std::string time_differs(const char* what, std::int64_t is, std::int64_t least, std::int64_t most) {
    return std::string(what) + " is " + std::to_string(is) + " ns, and was between " + std::to_string(least) +
           " and " + std::to_string(most);
}

bool within(std::int64_t value, std::int64_t least, std::int64_t most) {
    return least <= value && value <= most;
}

Totals since(const Totals& before) {
    Totals difference = this_thread();
    return difference -= before;
}

void let_go_and_take(const Probe& probe) {
    probe.restore_thread(probe.save_thread());
}

void pause_for(std::int64_t nanoseconds) {
    timespec left{0, nanoseconds};
    while (nanosleep(&left, &left) != 0) {
    }
}

// The caller holds a GIL, so its books must say so: a hold in progress grows with every look.
std::string find_the_gil() {
    if (registry.first() == nullptr) {
        return "no GIL was found: libpython does not call the pthread functions through its symbol table";
    }
    const Totals before = this_thread();
    const std::int64_t start = now();
    while (now() == start) {
    }
    if (before.takes == 0 || since(before).held <= 0) {
        return "the GIL that this thread holds is not one of those found, or this Python runs without it";
    }
    return {};
}

std::string count(const Probe& probe) {
    const Totals before = this_thread();
    for (std::uint64_t i = 0; i < kRounds; ++i) let_go_and_take(probe);
    const Totals difference = since(before);
    const std::uint64_t releases = difference.forced + difference.voluntary;
    if (difference.takes != kRounds) return count_differs("takes", difference.takes, kRounds);
    if (releases != kRounds) return count_differs("releases", releases, kRounds);
    return {};
}

std::string hold() {
    const std::int64_t outer = now();
    const Totals before = this_thread();
    const std::int64_t inner = now();
    std::int64_t done = 0;
    while ((done = now() - inner) < kSpan) {
    }
    const Totals difference = since(before);
    const std::int64_t most = now() - outer;
    if (!within(difference.held, done, most))
        return time_differs("the time held", difference.held, done, most);
    if (difference.waited != 0) return time_differs("the wait in a hold", difference.waited, 0, 0);
    return {};
}

std::string let_go(const Probe& probe) {
    const std::int64_t outer = now();
    const Totals before = this_thread();
    void* state = probe.save_thread();
    const std::int64_t inner = now();
    pause_for(kSpan);
    const std::int64_t done = now() - inner;
    probe.restore_thread(state);
    const Totals difference = since(before);
    const std::int64_t most = now() - outer;
    const std::int64_t off = most - difference.held - difference.waited - difference.lock_waited;
    if (!within(off, done, most)) return time_differs("the time without the GIL", off, done, most);
    return {};
}

std::string examine(const Probe& probe) {
    if (std::string fault = find_the_gil(); !fault.empty()) return fault;
    if (std::string fault = count(probe); !fault.empty()) return fault;
    if (std::string fault = hold(); !fault.empty()) return fault;
    return let_go(probe);
}

}  // namespace

std::string self_test(const Probe& probe) {
    std::string fault = examine(probe);
    books_are_exact.store(fault.empty(), std::memory_order_relaxed);
    if (fault.empty()) return fault;
    registry.switch_off();
    return "the GIL ledger is off: " + fault;
}

bool exact() {
    return books_are_exact.load(std::memory_order_relaxed);
}

}  // namespace baton::gil
