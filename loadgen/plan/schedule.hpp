// When which request is due. There is one schedule for the whole run, on however many threads and machines;
// each takes the requests `number` with number % parts == part of it.
//
// Threads: one at a time. Lifetime: a value. Cannot: go back; wait for anyone: what is late is still due
// then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "loadgen/plan/plan.hpp"
#include "loadgen/plan/profile.hpp"
#include "loadgen/plan/random.hpp"

namespace loadgen::plan {

class Schedule {
  public:
    explicit Schedule(const Load& load);
    // Another part of it than the load's own: worker w of W in generator `part` of `parts` takes part
    // part + parts * w of parts * W.
    Schedule(const Load& load, std::size_t part, std::size_t parts);

    struct Due {
        std::uint64_t number;
        Nanoseconds at;  // from the start of the warm-up
    };

    // In ascending order; nothing when there is none left.
    std::optional<Due> next();
    // Passes over all that are due before this, and says how many they were, however many: in a Poisson
    // schedule it is as many as the profile has there, as no dice are thrown for them.
    std::uint64_t pass(Nanoseconds before);

  private:
    double arrival();

    Profile profile_;
    Arrival arrival_;
    std::uint64_t number_;  // the one that next() gives
    std::uint64_t parts_;
    // Poisson: the sum of the gaps of all requests up to `drawn_`, in fixed point, so that it neither drifts
    // nor depends on the machine's floating point.
    Random random_;
    std::uint64_t drawn_ = 0;
    std::uint64_t whole_ = 0;
    std::uint64_t fraction_ = 0;  // of 2^32
};

}  // namespace loadgen::plan
