// What the coordinator knows of one who has dialled in.
//
// Threads: the coordinator's. Lifetime: the coordinator's. Cannot: act.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "loadgen/fleet/line_peer.hpp"
#include "loadgen/stats/histogram.hpp"

namespace loadgen::fleet {

struct Member {
    enum class State { stranger, here, preparing, ready, running, done, gone };

    std::shared_ptr<LinePeer> peer;
    State state = State::stranger;
    std::string nonce;  // ours, that it has to answer
    std::string name;
    bool worked = false;  // it was told to start
    std::size_t part = 0;
    Nanoseconds ahead{}, round_trip{};
    std::uint64_t due = 0;
    stats::Histogram late;
    double wall = 0, cpu = 0;

    // "agent NAME (10.0.0.5:41234)"
    std::string title() const { return "agent " + name + " (" + peer->address() + ")"; }
};

}  // namespace loadgen::fleet
