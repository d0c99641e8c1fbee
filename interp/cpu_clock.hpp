// The CPU time of one thread, request by request, without a system call for each.
//
// Threads: the one whose clock it reads. Lifetime: the thread's, or a part of it. Cannot: be exact for short
// requests: reading the clock is a system call that would cost them some hundredths of their time. Such a one
// never let go of the GIL, so it ran all the while, and is charged its wall time. For the same reason a long
// request that comes after short rests may be charged their few microseconds; never more than its wall time.
#pragma once

#include <algorithm>
#include <ctime>

#include "server/dispatch/clock.hpp"

namespace baton::interp {

inline dispatch::Nanoseconds thread_cpu_time() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

class CpuClock {
  public:
    using Nanoseconds = dispatch::Nanoseconds;
    using Read = Nanoseconds (*)();

    static constexpr Nanoseconds kShort = 20'000;
    static constexpr unsigned kInARow = 64;  // short requests between two readings
    static constexpr unsigned kRests = 16;   // rests between two readings

    explicit CpuClock(Read read = thread_cpu_time) : read_(read), begun_(read()) {}

    // The thread had nothing to do for a while; its next request begins now.
    void rested() {
        if (++rests_ >= kRests) reading();
    }

    // Of the request that has just ended and took `wall`; the next one begins now.
    Nanoseconds spent(Nanoseconds wall, bool let_go_of_the_gil) {
        const bool is_short = wall <= kShort && !let_go_of_the_gil;
        if (is_short && ++in_a_row_ < kInARow) {
            begun_ += wall;
            return wall;
        }
        const Nanoseconds before = begun_;
        const Nanoseconds read = reading() - before;
        return is_short ? wall : std::clamp<Nanoseconds>(read, 0, wall);
    }

  private:
    Nanoseconds reading() {
        in_a_row_ = 0;
        rests_ = 0;
        return begun_ = read_();
    }

    const Read read_;
    Nanoseconds begun_;
    unsigned in_a_row_ = 0;
    unsigned rests_ = 0;
};

}  // namespace baton::interp
