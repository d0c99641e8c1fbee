// What one of several agents does of a plan: every N-th request of the one schedule, with its share of the
// connections.
//
// Threads: pure functions. Lifetime: values. Cannot: give an agent without a connection anything to do; such
// a fleet is refused.
#pragma once

#include <cstddef>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::fleet {

constexpr std::size_t kMostAgents = 1000;

// Whether the plan can be shared out among so many.
plan::Problem check_fleet(const plan::Plan& plan, std::size_t agents);

plan::Plan share_of(const plan::Plan& plan, std::size_t part, std::size_t parts);

}  // namespace loadgen::fleet
