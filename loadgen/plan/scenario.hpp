// A scenario file (TOML): the endpoints of a run with their weights, bodies and expectations, and, if it says
// so, the load. docs/load_scenarios.md describes it for those who write one.
//
// Threads: any, one call each. Lifetime: the file is read once. Cannot: include other scenarios; refer to
// environment variables. Everything in it is bounded and checked: a fault is one line, FILE:LINE:COLUMN:
// what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/plan/profile.hpp"

namespace loadgen::plan {

inline constexpr std::size_t kMostEndpoints = 100;
inline constexpr std::size_t kMostConnections = 1'000'000;
inline constexpr std::size_t kMostThreads = 1024;
inline constexpr std::uint64_t kMostSeed = 9'223'372'036'854'775'807;  // TOML has signed integers
inline constexpr std::uint64_t kMostBody = 1ULL << 30;                 // of all endpoints together

// What the file says about the load; a flag on the command line wins over it.
struct WishedLoad {
    std::optional<double> rate;
    std::optional<std::size_t> connections;
    std::optional<Nanoseconds> duration;
    std::optional<Nanoseconds> warm_up;
    std::optional<Nanoseconds> timeout;
    std::optional<Arrival> arrival;
    std::optional<Ramp> ramp;
    std::optional<Step> step;
    std::optional<std::size_t> threads;
    std::optional<std::uint64_t> seed;
    std::vector<Threshold> thresholds;
    // Where the file says it, FILE:LINE:COLUMN, for faults that show only with the rest of the plan; empty:
    // it is not the file's.
    std::string arrival_at, ramp_at, step_at;
};

struct Scenario {
    WishedLoad load;
    std::vector<Endpoint> endpoints;  // at least one, each with a name of its own
};

Parsed<Scenario> read_scenario(const std::string& path);

// `path` is for messages, and body-file is relative to its folder.
Parsed<Scenario> parse_scenario(std::string_view text, const std::string& path);

}  // namespace loadgen::plan
