// What happened between two moments, in the words that the rules think in.
//
// Threads: plain values; the functions are pure. Lifetime: owns its texts.
// Cannot: contain what had not ended: requests count when they are over, waits for the GIL when they are.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/advisor/snapshot.hpp"

namespace baton::advisor {

struct RouteWindow {
    std::string label;
    std::uint64_t requests = 0;
    std::array<Nanoseconds, metrics::kPhases> phases{};
    Nanoseconds cpu = 0;
    bool by_loop = false;

    Nanoseconds operator[](metrics::Phase phase) const { return phases[static_cast<std::size_t>(phase)]; }
    // What the requests would take if nobody else was there, but for the loop's and the network's part.
    Nanoseconds work() const;
    // CPU time without the GIL: native code that has let go.
    Nanoseconds native() const;
    Nanoseconds duration() const;
    double per_request(Nanoseconds time) const;
};

// Who kept whom waiting; holders and waiters are routes or `thread:NAME`, `_FREE` is nobody.
struct BlameWindow {
    std::string waiting;
    std::string holding;
    Nanoseconds time = 0;
};

// One hold kept one waiter for 20 ms or more, so often.
struct KeptWindow {
    std::string holding;
    std::uint64_t count = 0;
    Nanoseconds time = 0;
    Nanoseconds longest = 0;  // its longest hold since the start
};

// Callbacks of 20 ms and more.
struct StepWindow {
    std::string route;  // empty: no request's
    std::uint64_t count = 0;
    Nanoseconds time = 0;
    Nanoseconds longest = 0;  // since the start
};

struct LoopWindow {
    std::string interpreter;
    metrics::PhaseCount lag{};
    Nanoseconds active = 0;
    Nanoseconds idle = 0;
    std::vector<StepWindow> long_steps;  // the most time first
};

struct GcWindow {
    std::string generation;
    metrics::PhaseCount pauses{};
};

struct Window {
    static constexpr std::string_view kFree = "_FREE";

    Nanoseconds length = 0;
    std::vector<RouteWindow> routes;  // that had requests; the most time under the GIL first
    std::uint64_t requests = 0;
    Nanoseconds held = 0;            // the main interpreter's GIL
    std::vector<BlameWindow> blame;  // the most time first
    std::vector<KeptWindow> kept;    // the most time first
    std::vector<LoopWindow> loops;
    std::vector<GcWindow> gc;
    std::array<std::uint64_t, metrics::kRejectionNames.size()> rejected{};
    Nanoseconds cpu = 0;  // of the process

    const RouteWindow* route(std::string_view label) const;
    // Over all routes.
    Nanoseconds sum(metrics::Phase phase) const;
    double share(Nanoseconds time) const;  // of its length
    // The books and the clock are read a moment apart.
    double full() const { return std::min(1.0, share(held)); }
};

// `now` is what `seen` says, for the labels; `then` came before it.
Window window(const Snapshot& then, const Snapshot& now, const metrics::Observation& seen);

}  // namespace baton::advisor
