// The event loops' part of the pages: how late each runs and how much of its time it is at work.
//
// Threads: pure functions.
// Lifetime: values.
// Cannot: tell the present from the past: all since the start, as the metrics have it.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "server/metrics/observatory.hpp"

namespace baton::admin {

boost::json::array loops_array(const metrics::Observation& seen);

// A list item for each loop; nothing when there is none.
std::string loops_html(const metrics::Observation& seen);

}  // namespace baton::admin
