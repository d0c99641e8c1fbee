// Where the server's sums were over the last minute.
//
// Threads: one at a time (the admin thread). Lifetime: refers to nothing.
// Cannot: look back further than kSpan, or to before its first snapshot.
#pragma once

#include <deque>
#include <utility>

#include "server/advisor/snapshot.hpp"

namespace baton::advisor {

class History {
  public:
    static constexpr Nanoseconds kStep = 5'000'000'000;
    static constexpr Nanoseconds kSpan = 60'000'000'000;

    explicit History(Snapshot first) { snapshots_.push_back(std::move(first)); }

    // Is it time for the next one?
    bool due(Nanoseconds now) const { return now - snapshots_.back().at >= kStep; }
    void add(Snapshot snapshot);
    // The one that is nearest to kSpan ago, of those that are as old; the oldest when none is.
    const Snapshot& then(Nanoseconds now) const;
    std::size_t size() const { return snapshots_.size(); }

  private:
    std::deque<Snapshot> snapshots_;  // oldest first, at least one
};

}  // namespace baton::advisor
