// A plan as JSON, in which the coordinator hands it to the agents: complete, bodies included, so that nothing
// is looked up on their machines.
//
// Threads: pure functions. Lifetime: values. Cannot: carry thresholds, which are the coordinator's to check,
// or the files of Trust: authorities, certificates and keys are given to each agent, and do not travel.
#pragma once

#include <boost/json/value.hpp>

#include "loadgen/plan/plan.hpp"

namespace loadgen::fleet {

boost::json::value to_json(const plan::Plan& plan);

// Checked as if a human had written it. Throws Wrong (json_object.hpp).
plan::Plan plan_of(const boost::json::value& value);

}  // namespace loadgen::fleet
