// The slowest requests of the last minutes: twenty of each minute are kept, twenty of all are shown.
//
// Threads: one at a time (the admin thread). Lifetime: refers to nothing.
// Cannot: keep more than kMost a minute for kMinutes and the one that has begun.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "server/metrics/slow_requests.hpp"

namespace baton::history {

using metrics::Nanoseconds;

class SlowBook {
  public:
    static constexpr std::size_t kMost = metrics::SlowRequests::kMost;
    static constexpr Nanoseconds kMinute = 60'000'000'000;
    static constexpr std::size_t kMinutes = 5;

    // What is of interest from `now` on: only what is slower than this.
    Nanoseconds threshold(Nanoseconds now);
    void add(std::vector<metrics::SlowRequest> found, Nanoseconds now);
    // The slowest first.
    std::vector<metrics::SlowRequest> slowest() const;
    // Grows whenever slowest() may have changed.
    std::uint64_t version() const { return version_; }

  private:
    struct Minute {
        Nanoseconds begin = 0;
        std::vector<metrics::SlowRequest> slowest;
    };
    Minute& minute(Nanoseconds now);

    std::deque<Minute> minutes_;  // oldest first
    std::uint64_t version_ = 0;
};

}  // namespace baton::history
