#include "loadgen/plan/schedule.hpp"

#include <cmath>

namespace loadgen::plan {

namespace {

// Keeps the gaps apart from what Mix draws from the same seed.
constexpr std::uint64_t kGaps = 0x6761707320202020;

}  // namespace

Schedule::Schedule(const Load& load) : Schedule(load, load.part, load.parts) {}

Schedule::Schedule(const Load& load, std::size_t part, std::size_t parts)
    : profile_(load.profile, seconds_of(load.warm_up + load.duration)),
      arrival_(load.arrival),
      number_(part),
      parts_(parts),
      random_(scrambled(load.seed ^ kGaps)) {}

// Where request number_ is, counted in requests of the profile. Poisson: with gaps of mean 1 there, the
// arrivals in time follow the profile whatever its shape.
double Schedule::arrival() {
    if (arrival_ == Arrival::uniform) return static_cast<double>(number_);
    for (; drawn_ <= number_; ++drawn_) {
        fraction_ += static_cast<std::uint64_t>(random_.exponential() * 0x1p32);
        whole_ += fraction_ >> 32;
        fraction_ &= 0xffff'ffff;
    }
    return static_cast<double>(whole_) + static_cast<double>(fraction_) * 0x1p-32;
}

std::optional<Schedule::Due> Schedule::next() {
    const double at = profile_.due(arrival());
    // Not below the end, by rounding, or infinite: all that follow are later still.
    if (!(at < profile_.total_seconds())) return std::nullopt;
    const Due due{number_, Nanoseconds(std::llround(at * 1e9))};
    number_ += parts_;
    return due;
}

}  // namespace loadgen::plan
