// The one clock of the load generator: monotonic nanoseconds.
//
// Threads: any. Lifetime: values. Cannot: be compared between machines; fleet/ has the way across.
#pragma once

#include <chrono>

namespace loadgen {

using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

inline double seconds_of(Nanoseconds span) noexcept {
    return std::chrono::duration<double>(span).count();
}

inline Nanoseconds nanoseconds_of(double seconds) noexcept {
    return Nanoseconds(static_cast<Nanoseconds::rep>(seconds * 1e9));
}

}  // namespace loadgen
