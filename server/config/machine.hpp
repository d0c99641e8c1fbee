// How much CPU and memory this process may use: of the machine, its affinity mask and its control groups.
//
// Threads: reads files; called once, at the start.
// Lifetime: a value.
// Cannot: notice that a limit is changed later.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "server/config/config.hpp"

namespace baton::config {

struct Machine {
    double cpus = 1;  // 0.5: half of one
    std::uint64_t memory = std::numeric_limits<std::uint64_t>::max();
};

// The machine at hand.
Machine this_machine();

// What the control groups (version 2, and 1 where it has the controllers) leave of `whole`. `root` is where
// /proc and /sys are.
Machine within_cgroups(const Machine& whole, const std::string& root);

// Between how many threads --threads auto chooses there.
ThreadBounds automatic_threads(const Machine& machine);

}  // namespace baton::config
