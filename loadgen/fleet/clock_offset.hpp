// How far the coordinator's monotonic clock is ahead of ours, from questions that it answers with its time.
// The answer that was back soonest is believed: it was wrong by half its round trip at most.
//
// Threads: one at a time. Lifetime: a value. Cannot: tell a slow way there from a slow way back.
#pragma once

#include "loadgen/clock.hpp"

namespace loadgen::fleet {

class ClockOffset {
  public:
    // Asked and answered by our clock, `theirs` by the coordinator's.
    void add(Nanoseconds asked, Nanoseconds theirs, Nanoseconds answered) noexcept {
        const Nanoseconds round_trip = answered - asked;
        ++rounds_;
        if (round_trip >= round_trip_) return;
        round_trip_ = round_trip;
        ahead_ = theirs - (asked + round_trip / 2);
    }

    int rounds() const noexcept { return rounds_; }
    Nanoseconds ahead() const noexcept { return ahead_; }
    Nanoseconds round_trip() const noexcept { return round_trip_; }
    // A moment of the coordinator's clock by ours.
    Nanoseconds ours(Nanoseconds theirs) const noexcept { return theirs - ahead_; }

  private:
    int rounds_ = 0;
    Nanoseconds ahead_{};
    Nanoseconds round_trip_ = Nanoseconds::max();
};

}  // namespace loadgen::fleet
