#include "loadgen/plan/schedule.hpp"

#include <algorithm>
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

std::uint64_t Schedule::pass(Nanoseconds before) {
    const double until = profile_.requests_by(std::clamp(seconds_of(before), 0.0, profile_.total_seconds()));
    const bool uniform = arrival_ == Arrival::uniform;
    const double at = uniform ? static_cast<double>(number_)
                              : static_cast<double>(whole_) + static_cast<double>(fraction_) * 0x1p-32;
    if (!(until > at)) return 0;
    const double count = (until - at) / static_cast<double>(parts_);
    // Request k is due when more than k have to be; what rounding leaves of a request is none.
    const auto passed = static_cast<std::uint64_t>(uniform ? std::ceil(count - 1e-6) : std::round(count));
    if (passed == 0) return 0;
    number_ += passed * parts_;
    drawn_ = number_;
    whole_ = static_cast<std::uint64_t>(until);
    fraction_ = 0;
    return passed;
}

}  // namespace loadgen::plan
