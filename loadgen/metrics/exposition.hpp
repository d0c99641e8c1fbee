// What a run has come to so far, in the Prometheus text format. The metrics are listed in
// docs/load_metrics.md.
//
// Threads: pure functions. Lifetime: values. Cannot: say anything about the warm-up, which is not counted.
#pragma once

#include <array>
#include <string>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::metrics {

// Where in its life the run is: before and behind the measured time nothing is in flight or offered.
enum class Stage : std::uint8_t { waiting, running, over };

// Upper bounds of the buckets, in seconds: those of the server's histogram of requests, and finer ones below.
constexpr std::array<double, 17> kLatencyBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

std::string to_text(const plan::Plan& plan, const result::Collector::Progress& progress, Stage stage);

}  // namespace loadgen::metrics
