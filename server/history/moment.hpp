// The sums of the whole server at one moment: of an observation, what the history needs.
//
// Threads: plain values; the function is pure. Lifetime: refers to nothing.
// Cannot: say anything about rates alone; two of them can (sample.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "server/metrics/observatory.hpp"

namespace baton::history {

using metrics::Nanoseconds;

struct GilMoment {
    std::string interpreter;
    Nanoseconds held = 0;
    Nanoseconds waiting = 0;
};

struct Moment {
    Nanoseconds at = 0;  // CLOCK_MONOTONIC
    double wall = 0.0;   // seconds since the epoch
    // Sums since the start.
    metrics::RequestCount requests{};
    std::uint64_t errors = 0;  // status codes from 500 on
    std::uint64_t rejected = 0;
    std::array<Nanoseconds, metrics::kPhases> phases{};
    Nanoseconds cpu = 0;
    std::vector<GilMoment> gils;  // those with exact books
    metrics::PhaseCount lag{};    // of all event loops together
    Nanoseconds loop_active = 0;
    Nanoseconds loop_idle = 0;
    // Now.
    std::size_t queue = 0;
    std::int64_t active_requests = 0;
    std::int64_t connections = 0;
    std::int64_t websockets = 0;
    std::uint64_t memory = 0;
};

Moment moment(const metrics::Observation& seen, Nanoseconds at, double wall);

}  // namespace baton::history
