#include "loadgen/plan/profile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loadgen::plan {

Profile::Profile(const std::vector<RatePoint>& points, double total_seconds) : total_seconds_(total_seconds) {
    if (points.empty()) return;
    append(points.front().at, points.front().rate, points.front().rate);
    for (std::size_t i = 1; i < points.size(); ++i) append(points[i].at, points[i - 1].rate, points[i].rate);
    append(total_seconds_, points.back().rate, points.back().rate);
}

void Profile::append(double until, double first_rate, double last_rate) {
    const double from = segments_.empty() ? 0 : segments_.back().from + segments_.back().length;
    const double before = segments_.empty() ? 0 : segments_.back().after;
    const double end = std::min(until, total_seconds_);
    if (end <= from) return;
    if (until > end) last_rate = first_rate + (last_rate - first_rate) * (end - from) / (until - from);
    const double length = end - from;
    const double requests = length * (first_rate + last_rate) / 2;
    segments_.push_back({from, length, first_rate, last_rate, before, before + requests});
}

double Profile::due(double requests) const noexcept {
    const auto segment = std::upper_bound(segments_.begin(), segments_.end(), requests,
                                          [](double wanted, const Segment& s) { return wanted < s.after; });
    if (segment == segments_.end()) return std::numeric_limits<double>::infinity();
    const double done = requests - segment->before;
    if (done <= 0) return segment->from;
    const double first = segment->first_rate;
    const double last = segment->last_rate;
    if (first == last) return segment->from + done / first;
    // first*t + slope*t^2/2 = done, solved as 2*done / (first + rate at t), where nothing cancels. The square
    // of the rate at t is taken from the end with the lower rate, so that it is a sum too.
    const double slope = (last - first) / segment->length;
    const double square =
        slope > 0 ? first * first + 2 * slope * done : last * last - 2 * slope * (segment->after - requests);
    return segment->from + std::min(2 * done / (first + std::sqrt(square)), segment->length);
}

double Profile::requests_by(double seconds) const noexcept {
    const auto segment = std::upper_bound(segments_.begin(), segments_.end(), seconds,
                                          [](double wanted, const Segment& s) { return wanted < s.from; });
    if (segment == segments_.begin()) return 0;
    const Segment& within = *std::prev(segment);
    const double passed = std::min(seconds - within.from, within.length);
    const double slope = (within.last_rate - within.first_rate) / within.length;
    return within.before + passed * (within.first_rate + slope * passed / 2);
}

double offered_rate(const Load& load) {
    const double warm_up = seconds_of(load.warm_up);
    const double total = seconds_of(load.warm_up + load.duration);
    if (total <= warm_up) return 0;
    const Profile profile(load.profile, total);
    return (profile.requests_by(total) - profile.requests_by(warm_up)) / (total - warm_up);
}

}  // namespace loadgen::plan
