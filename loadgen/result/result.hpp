// What a whole run came to: the sum of all intervals, the series by second, and what the generator says about
// itself.
//
// Threads: one at a time. Lifetime: a value. Cannot: say a percentile with too few samples; percentile()
// refuses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"
#include "loadgen/stats/histogram.hpp"

namespace loadgen::result {

// The sum of the tallies of one endpoint, or of all of them.
struct Sum {
    std::uint64_t due = 0;
    std::uint64_t sent = 0;
    std::uint64_t again = 0;
    std::uint64_t answered = 0;
    std::array<std::uint64_t, kFailures> failures{};
    std::map<int, std::uint64_t> statuses;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    stats::Histogram response;
    stats::Histogram service;
    stats::Histogram first_byte;
    stats::Histogram failed;
    // Of the expected answers, those that came behind the measured time: a target that lags behind must not
    // be credited with a rate that it only reached because it was waited for.
    std::uint64_t behind = 0;

    // The tally's cells have been checked.
    void add(const Tally& tally);
    void add(const Sum& other);
    std::uint64_t expected() const noexcept;  // answered as expected
    // Per second, answered as expected within the `wall` seconds that were measured.
    double rate(double wall) const noexcept;
    std::uint64_t errors() const noexcept;  // the sum of failures
    std::uint64_t ended() const noexcept;   // answered as expected, or failed
    double error_share() const noexcept;    // 0 to 1; of those that have ended
};

// What is kept of the latencies of one second when its cells are not.
struct Brief {
    std::uint64_t total = 0;
    std::optional<Nanoseconds> p50, p90, p99;  // none: too few samples
    Nanoseconds most{};
};
Brief brief_of(const stats::Cells& cells) noexcept;

// One second of the run over all endpoints and workers.
template <typename Latencies>
struct SecondWith {
    std::uint64_t due = 0;
    std::uint64_t answered = 0;
    std::uint64_t errors = 0;
    std::map<int, std::uint64_t> statuses;
    std::uint64_t in_flight = 0;
    Latencies response;
    Latencies service;
    double cpu = 0;
};
using Second = SecondWith<Brief>;
using RecentSecond = SecondWith<stats::Cells>;

// All latencies of some seconds in a row. Together the stretches of a run have what ended in it, once.
struct Stretch {
    std::uint32_t first = 0;  // second
    std::uint32_t length = 1;
    stats::Cells response;
    stats::Cells service;
};

// The generator about itself.
struct Self {
    double wall = 0;     // seconds measured
    double cpu = 0;      // of the whole process over the measured time
    double busiest = 0;  // share of the measured time that the busiest worker was on a CPU, 0 to 1
    // Shares of it, of the worker that fared worst, in which it was ready to run and others had the CPU, and
    // in which it did not come to see its own clock.
    double waited = 0;
    double stalled = 0;
    std::uint64_t opened = 0;  // connections
    std::uint64_t missed = 0;  // not sent in time by its own fault: see Interval
    stats::Histogram late;
    stats::Histogram blocked;
    stats::Histogram connect;
    std::map<Failure, std::string> texts;  // the first of each kind
};

struct Result {
    plan::Plan plan;
    std::string started;  // UTC, ISO 8601: the beginning of the warm-up, or of the measured time without one
    Sum all;
    std::vector<Sum> endpoints;   // in the plan's order
    std::vector<Second> seconds;  // of the measured time; the last may be what ended behind it
    // Of the same seconds, in ascending order and of one length, but for the last of the measured time and
    // the one of what ended behind it.
    std::vector<Stretch> stretches;
    Self self;

    // Requests per second that were answered as expected, over the measured time.
    double rate() const noexcept;
    // Offered in the open model: what was due over the measured time, per second.
    double offered() const noexcept;
};

// Whether `samples` are enough to say the value below which `fraction` lie: ten beyond it, so p99 takes 1000.
bool enough(std::uint64_t samples, double fraction) noexcept;
// That value, if there are.
std::optional<Nanoseconds> percentile(const stats::Histogram& histogram, double fraction) noexcept;

}  // namespace loadgen::result
