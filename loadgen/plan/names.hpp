// Names for the endpoints that have none, for reports and thresholds.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: rename an endpoint that has a name.
#pragma once

#include <vector>

#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

// The path without the query; where that is taken, with the method, the query, the host before it; with a
// number at last. Afterwards no two names are the same, unless two were given that were.
void name_endpoints(std::vector<Endpoint>& endpoints);

}  // namespace loadgen::plan
