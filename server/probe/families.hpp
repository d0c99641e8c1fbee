// The books of the probed processes as Prometheus families: Baton's own metrics with `pid` as one label more.
//
// Threads: a pure function.
// Lifetime: results own everything.
// Cannot: keep the series of processes that have ended for ever: with workers that come and go their number
// would grow without end.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "server/probe/reader.hpp"

namespace baton::probe {

// A process that gave its last sign of life longer ago than this is left out; `now` as in monotonic_now().
inline constexpr std::int64_t kKeep = 300'000'000'000;

std::vector<prometheus::MetricFamily> families(const std::vector<Book>& books, std::int64_t now);

}  // namespace baton::probe
