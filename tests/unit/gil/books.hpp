// What the tests ask of the books: differences of this thread's totals, sums over GILs, and times to compare
// with.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

#include "interp/gil/ledger.hpp"

namespace baton::gil::test {

inline constexpr std::int64_t kMillisecond = 1'000'000;

inline std::int64_t clock_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}
inline std::int64_t wall_clock() {
    return clock_ns(CLOCK_MONOTONIC);
}
inline std::int64_t thread_cpu() {
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

inline void busy(std::int64_t nanoseconds) {
    const std::int64_t start = wall_clock();
    while (wall_clock() - start < nanoseconds) {
    }
}
inline void pause(std::int64_t nanoseconds) {
    timespec left{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    while (nanosleep(&left, &left) != 0) {
    }
}

// What happened on this thread since the object was made.
class Watch {
  public:
    Watch() : cpu_(thread_cpu()), wall_(wall_clock()), before_(this_thread()) {}
    Totals books() const {
        Totals difference = this_thread();
        return difference -= before_;
    }
    std::int64_t wall() const { return wall_clock() - wall_; }
    std::int64_t cpu() const { return thread_cpu() - cpu_; }

  private:
    std::int64_t cpu_;
    std::int64_t wall_;
    Totals before_;
};

inline Totals sum_of_all_gils() {
    Totals sum;
    for (const Snapshot& gil : snapshot()) sum += gil.totals;
    return sum;
}
inline std::uint64_t waiters_of_all_gils() {
    std::uint64_t sum = 0;
    for (const Snapshot& gil : snapshot()) sum += gil.waiters;
    return sum;
}

// Runs the checks in a child; true when every one of them held. The children of a test program that has
// threads may do little else.
template <typename Checks>
bool holds_in_child(Checks checks) {
    const pid_t child = fork();
    if (child == 0) _exit(checks() ? 0 : 1);
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace baton::gil::test
