#include "loadgen/upstream/delays.hpp"

#include <algorithm>

namespace loadgen::upstream {

Nanoseconds Delays::draw(const Answer& answer) {
    const double drawn = draw_seconds(seconds_of(answer.delay), seconds_of(answer.jitter));
    return nanoseconds_of(std::clamp(drawn, 0.0, seconds_of(kLongestDelay)));
}

double Delays::draw_seconds(double delay, double jitter) {
    if (distribution_ == Distribution::exponential)
        return delay > 0 ? std::exponential_distribution<double>(1 / delay)(random_) : 0;
    if (jitter <= 0) return delay;
    if (distribution_ == Distribution::normal)
        return std::normal_distribution<double>(delay, jitter)(random_);
    return std::uniform_real_distribution<double>(delay - jitter, delay + jitter)(random_);
}

}  // namespace loadgen::upstream
