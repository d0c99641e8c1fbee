#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "loadgen/plan/profile.hpp"
#include "loadgen/plan/quantity.hpp"

namespace loadgen::plan {

namespace {

constexpr std::size_t kMostSteps = 10'000;

Fault with(std::string_view form, const Fault& fault) {
    return Fault{fmt::format("is written {}: {}", form, fault.why)};
}

// From the start of the measured time on; the rate holds in the warm-up.
Parsed<std::vector<RatePoint>> stairs(const Shape& shape, Nanoseconds warm_up, Nanoseconds duration) {
    const Step& step = *shape.step;
    const double limit = step.limit.value_or(step.by < 0 ? 0 : kHighestRate);
    if ((step.by > 0 && limit < shape.rate) || (step.by < 0 && limit > shape.rate))
        return Fault{fmt::format("the step leads away from its limit of {}", format_rate(limit))};
    if (duration / step.every > static_cast<Nanoseconds::rep>(kMostSteps))
        return Fault{fmt::format("there are more than {} steps", kMostSteps)};
    std::vector<RatePoint> points{{0, shape.rate}};
    for (Nanoseconds at = step.every; at < duration && points.back().rate != limit; at += step.every) {
        const double second = seconds_of(warm_up + at);
        const double before = points.back().rate;
        // Counted from the start, so that a thousand steps of 0.1 are 100.
        const double raised = shape.rate + step.by * static_cast<double>(at / step.every);
        points.push_back({second, before});
        points.push_back({second, step.by > 0 ? std::min(raised, limit) : std::max(raised, limit)});
    }
    return points;
}

}  // namespace

Parsed<Ramp> parse_ramp(std::string_view text) {
    constexpr std::string_view kForm = "[FROM:]TIME, such as 10s or 100:10s";
    Ramp ramp;
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
        const Parsed<double> from = parse_rate(text.substr(0, colon), 0);
        if (!from) return with(kForm, from.fault());
        ramp.from = *from;
        text.remove_prefix(colon + 1);
    }
    const Parsed<Nanoseconds> time = parse_duration(text);
    if (!time) return with(kForm, time.fault());
    ramp.time = *time;
    return ramp;
}

Parsed<Step> parse_step(std::string_view text) {
    constexpr std::string_view kForm = "BY:EVERY[:LIMIT], such as 100:5s or 100:5s:2000";
    Step step;
    const std::size_t first = text.find(':');
    if (first == std::string_view::npos) return with(kForm, Fault{in_quotes(text) + " has no colon"});
    const std::size_t second = text.find(':', first + 1);
    std::string_view by = text.substr(0, first);
    const bool down = by.starts_with('-');
    if (down || by.starts_with('+')) by.remove_prefix(1);
    const Parsed<double> size = parse_rate(by);
    if (!size) return with(kForm, size.fault());
    step.by = down ? -*size : *size;
    const std::string_view every = text.substr(first + 1, second - first - 1);
    const Parsed<Nanoseconds> time = parse_duration(every, std::chrono::milliseconds(1));
    if (!time) return with(kForm, time.fault());
    step.every = *time;
    if (second != std::string_view::npos) {
        const Parsed<double> limit = parse_rate(text.substr(second + 1), 0);
        if (!limit) return with(kForm, limit.fault());
        step.limit = *limit;
    }
    return step;
}

Parsed<std::vector<RatePoint>> points_of(const Shape& shape, Nanoseconds warm_up, Nanoseconds duration) {
    if (shape.ramp && shape.step) return Fault{"a ramp and steps do not go together; one of them"};
    if (shape.ramp && shape.ramp->time > warm_up + duration)
        return Fault{"the ramp takes longer than the run, which would never reach its rate"};
    if (shape.step) return stairs(shape, warm_up, duration);
    if (shape.ramp)
        return std::vector<RatePoint>{{0, shape.ramp->from}, {seconds_of(shape.ramp->time), shape.rate}};
    return std::vector<RatePoint>{{0, shape.rate}};
}

}  // namespace loadgen::plan
