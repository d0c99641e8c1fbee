// The sums that the rules need of one moment: an observation without its texts and most of its histograms.
//
// Threads: plain values. Lifetime: refers to nothing.
// Cannot: say anything alone; rules look at the difference of two (window.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/metrics/observatory.hpp"

namespace baton::advisor {

using metrics::Nanoseconds;
using metrics::Party;

struct RouteSums {
    std::uint64_t requests = 0;
    std::array<Nanoseconds, metrics::kPhases> phases{};
    Nanoseconds cpu = 0;
};

struct Sums {
    std::uint64_t count = 0;
    Nanoseconds time = 0;
};

struct LoopSums {
    metrics::PhaseCount lag{};
    Nanoseconds active = 0;
    Nanoseconds idle = 0;
    std::map<std::optional<Party>, Sums> long_steps{};
};

// Everything since the start of the process, or of the thing itself.
struct Snapshot {
    Nanoseconds at = 0;
    std::map<routing::RouteId, RouteSums> routes{};
    std::map<std::string, Nanoseconds> held{};  // by interpreter
    std::map<std::pair<Party, Party>, Nanoseconds> blame{};
    std::map<Party, Sums> kept{};
    std::vector<LoopSums> loops{};
    std::map<std::string, metrics::PhaseCount> pauses{};  // by generation
    std::array<std::uint64_t, metrics::kRejectionNames.size()> rejected{};
    Nanoseconds cpu = 0;
};

Snapshot condense(const metrics::Observation& seen, Nanoseconds at);

}  // namespace baton::advisor
