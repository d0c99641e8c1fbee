// Families as Prometheus text, version 0.0.4.
//
// Why not prometheus::TextSerializer: it writes every number through an ostream and formats the same labels
// again for every bucket, which took several times the 5 ms that a scrape may take with 100 routes
// (tests/perf/metrics.cpp measures both). What it says is the same; a test compares them.
//
// Threads: pure functions.
// Lifetime: the text owns its bytes.
// Cannot: write summaries; no metric of ours is one.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace baton::metrics {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

std::string exposition(const std::vector<prometheus::MetricFamily>& families);

}  // namespace baton::metrics
