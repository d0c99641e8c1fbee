// The numbers that thresholds are about, by their names: p50, p99.9, mean, max, errors, rate, and service-p99
// for those from the send.
//
// Threads: pure functions. Lifetime: values. Cannot: say a percentile that too few samples bear.
#pragma once

#include <optional>
#include <string_view>

#include "loadgen/result/result.hpp"

namespace loadgen::result {

// Seconds, a share of 1, or requests per second over `wall` seconds. None: too few samples, or no such
// metric.
std::optional<double> metric(const Sum& sum, std::string_view name, plan::Model model, double wall) noexcept;

// 0.999 of "p99.9"; none when it is no percentile between p0 and p100.
std::optional<double> fraction_of(std::string_view name) noexcept;

// In the closed model the response times are the service times: nothing is due before it is sent.
const stats::Histogram& latencies(const Sum& sum, bool service, plan::Model model) noexcept;

}  // namespace loadgen::result
