// What the live view shows at a moment: made of the collector's progress, drawn by frame.hpp and plain.hpp.
//
// Threads: pure functions. Lifetime: a value. Cannot: show a second that is not over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/result/collector.hpp"

namespace loadgen::live {

// One row of percentiles; those with too few samples are empty.
struct Latency {
    std::optional<Nanoseconds> p50, p90, p99, p999;
    std::optional<Nanoseconds> most;
    std::uint64_t n = 0;
};

// How many answers of one second took how long: below 100 us, to 1 ms, to 10 ms, to 100 ms, to 1 s, and
// above.
constexpr std::size_t kDecades = 6;
using Column = std::array<std::uint64_t, kDecades>;

struct View {
    std::string target;
    std::string model;
    bool open = false;
    double elapsed = 0;   // seconds since the start of the measured time; below 0 in the warm-up
    double duration = 0;  // measured
    double warm_up = 0;

    // Of the last complete seconds, as many as `last` says, per second; nothing is complete when that is 0.
    std::size_t last = 0;
    std::size_t last_second = 0;  // the number of the last of them, from 0
    double offered = 0;
    double answered = 0;
    double failed = 0;
    std::uint64_t in_flight = 0;
    Latency response_last;
    Latency service_last;
    double cpu = 0;  // cores that the generator's workers used

    // So far.
    std::uint64_t due = 0;
    std::uint64_t answers = 0;
    std::uint64_t errors = 0;
    double error_share = 0;
    std::map<int, std::uint64_t> statuses;
    std::vector<std::pair<std::string, std::uint64_t>> failures;
    Latency response;
    Latency service;
    double busiest = 0;
    std::optional<Nanoseconds> late_p99;
    std::vector<Column> strip;  // by second; from due in the open model, from sent in the closed
};

// `elapsed` is since the start of the measured time; `last`: over how many seconds the latest numbers are.
View view_of(const plan::Plan& plan, const result::Collector::Progress& progress, double elapsed,
             std::size_t last = 1);

// Workers hand a second over when it has ended; the slowest of them, and agents, this many seconds later.
constexpr double kHandOver = 0.25;

// How many seconds of the progress are over, and have been handed over by every worker.
std::size_t complete_seconds(const plan::Plan& plan, const result::Collector::Progress& progress,
                             double elapsed);

}  // namespace loadgen::live
