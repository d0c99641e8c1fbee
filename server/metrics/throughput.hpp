// Requests per second of CPU time over the last ten seconds: the throughput of one core.
//
// Threads: any, one lock; nobody on the request path uses it.
// Lifetime: refers to nothing.
// Cannot: look back further than its samples: without tick() the span is whatever lies between two questions.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

#include "server/dispatch/clock.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

class Throughput {
  public:
    struct Sample {
        Nanoseconds at = 0;          // CLOCK_MONOTONIC
        std::uint64_t requests = 0;  // complete so far
        Nanoseconds cpu = 0;         // used by the process so far
    };

    static constexpr Nanoseconds kSpan = 10'000'000'000;
    static constexpr Nanoseconds kStep = 500'000'000;  // samples closer than this are not kept

    // To be called about once a second.
    void tick(const Sample& sample);
    // From the oldest sample within the span to this one; zero when no CPU time has passed.
    double per_cpu_second(const Sample& now) const;

  private:
    mutable std::mutex mutex_;
    std::deque<Sample> samples_;  // oldest first; the first is the only one that may be older than kSpan
};

}  // namespace baton::metrics
