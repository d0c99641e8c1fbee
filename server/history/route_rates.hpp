// What each route has had since the start and in the last ten seconds: kept only while somebody looks.
//
// Threads: one at a time (the admin thread). Lifetime: refers to nothing.
// Cannot: know the last ten seconds before it has been given an observation that is as old: window() says how
// far back it looks.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "server/metrics/observatory.hpp"

namespace baton::history {

using metrics::Nanoseconds;

struct RouteSums {
    metrics::RequestCount requests{};
    std::uint64_t errors = 0;  // status codes from 500 on
    std::array<Nanoseconds, metrics::kPhases> phases{};
    Nanoseconds cpu = 0;

    Nanoseconds operator[](metrics::Phase phase) const { return phases[static_cast<std::size_t>(phase)]; }
};

struct RouteRow {
    std::string label;
    bool by_loop = false;
    RouteSums now;    // within window()
    RouteSums total;  // since the start
};

class RouteRates {
  public:
    static constexpr Nanoseconds kSpan = 10'000'000'000;

    void add(const metrics::Observation& seen, Nanoseconds at);
    void forget() { snapshots_.clear(); }

    // In nanoseconds; 0 when only one observation is there.
    Nanoseconds window() const;
    // Of `seen`, which was added last: the most time under the GIL first, and without GIL books the most
    // time.
    std::vector<RouteRow> rows(const metrics::Observation& seen, std::size_t most) const;

  private:
    struct Snapshot {
        Nanoseconds at = 0;
        std::map<routing::RouteId, RouteSums> routes;
    };
    std::deque<Snapshot> snapshots_;  // oldest first, kSpan apart at most
};

}  // namespace baton::history
