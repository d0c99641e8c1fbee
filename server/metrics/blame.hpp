// Which pairs of parties get a series of their own, of all that have kept each other waiting for the GIL.
//
// Threads: any; a mutex for the length of a call. Lifetime: from the first observation to the last: what was
// shown once is shown for ever. Cannot: show more than kMost pairs; what all others waited is one sum.
//
// Series are counters: none may vanish or go down, nor may that sum. So a pair that gets its series late
// starts there at zero, and what it was before stays in the sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "server/dispatch/clock.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

// A route's id, or a number above them all: see Sources::party_name.
using Party = std::uint16_t;

struct BlamePair {
    Party waiting = 0;
    Party holding = 0;
    Nanoseconds time = 0;
};

struct PartyHold {
    Party party = 0;
    Nanoseconds time = 0;
};

struct BlameSeries {
    std::vector<BlamePair> pairs;  // the most time first
    Nanoseconds other = 0;         // of all other pairs together
};

class BlameTable {
  public:
    static constexpr std::size_t kAtOnce = 100;  // pairs that get a series whatever they are
    static constexpr std::size_t kMost = 200;    // later ones need 1/kMost of all waiting

    // What each pair has waited since the start; a pair may be in it several times (once for each GIL).
    BlameSeries show(const std::vector<BlamePair>& all);

  private:
    using Key = std::pair<Party, Party>;
    std::mutex mutex_;
    std::map<Key, Nanoseconds> before_;  // of the pairs that are shown: what is in `other`
};

}  // namespace baton::metrics
