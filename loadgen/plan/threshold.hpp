// What is asked of a run: [ENDPOINT:]METRIC BOUND VALUE, with < <= > >= for the bound.
//
//   p50, p99.9, mean, max    response time, from due; a duration with its unit: p99<50ms
//   service-p99, ...         the same from sent
//   errors                   share of the requests that have ended: errors<0.1%
//   rate                     answers per second: rate>=990; or of what was offered: rate>=99%
//
// An endpoint's name may have colons and angle brackets in it: the last colon ahead of the last bound counts.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: tell whether a threshold was kept; result/
// does.
#pragma once

#include <string_view>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

Parsed<Threshold> parse_threshold(std::string_view text);

// Against the plan they are of: endpoints that do not exist are a fault. Shares of the offered rate become
// requests per second, an endpoint's by its weight; of a plan that is used with several rates (find-max),
// each rate's copy is to be checked anew.
Problem check_thresholds(Plan& plan);

}  // namespace loadgen::plan
