// Draws the delay of each answer.
//
// Threads: one at a time. Lifetime: outlives the sessions. Cannot: draw a negative delay, or one beyond
// kLongestDelay.
#pragma once

#include <random>

#include "loadgen/upstream/options.hpp"

namespace loadgen::upstream {

class Delays {
  public:
    Delays(Distribution distribution, std::uint64_t seed) : distribution_(distribution), random_(seed) {}

    Nanoseconds draw(const Answer& answer);

  private:
    double draw_seconds(double delay, double jitter);

    Distribution distribution_;
    std::mt19937_64 random_;
};

}  // namespace loadgen::upstream
