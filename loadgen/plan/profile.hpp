// The offered rate over time and its integral: how many requests are due by when, and, exactly the other way
// round, when a request is due.
//
// The shape of the rate, as --ramp and --step (and the keys of the same names in a scenario) have it:
//   --ramp [FROM:]TIME        from FROM requests per second (0 unless given) in a straight line to --rate, in
//                             the first TIME of the run, warm-up included: with a warm-up of the same length
//                             only the full rate is measured
//   --step BY:EVERY[:LIMIT]   --rate in the warm-up and for EVERY of the measured time, then BY more each
//   time
//                             EVERY has passed, until LIMIT is reached; a negative BY goes down, to 0 at
//                             least
//
// Threads: const after it has been made, so any. Lifetime: a value. Cannot: bend; all lines are straight.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

class Profile {
  public:
    // As in Load::profile. Before the first point the rate is that of the first, behind the last that of the
    // last; from `total_seconds` on nothing is due.
    Profile(const std::vector<RatePoint>& points, double total_seconds);

    // The second from which on more than this many requests are due, so that request k of a uniform schedule
    // is due at due(k); infinity when there are never as many.
    double due(double requests) const noexcept;
    double requests_by(double seconds) const noexcept;
    double total_seconds() const noexcept { return total_seconds_; }

  private:
    // One straight line.
    struct Segment {
        double from;
        double length;
        double first_rate;
        double last_rate;
        double before;  // requests due before it
        double after;   // ... and with it
    };

    void append(double until, double first_rate, double last_rate);

    std::vector<Segment> segments_;
    double total_seconds_;
};

struct Ramp {
    double from = 0;
    Nanoseconds time{};
};

struct Step {
    double by = 0;
    Nanoseconds every{};
    std::optional<double> limit;
};

// What is said about the rate.
struct Shape {
    double rate = 0;
    std::optional<Ramp> ramp;
    std::optional<Step> step;
};

Parsed<Ramp> parse_ramp(std::string_view text);
Parsed<Step> parse_step(std::string_view text);

// Load::profile of a run with these times.
Parsed<std::vector<RatePoint>> points_of(const Shape& shape, Nanoseconds warm_up, Nanoseconds duration);

// The mean rate that an open-model load offers in the measured time.
double offered_rate(const Load& load);

}  // namespace loadgen::plan
