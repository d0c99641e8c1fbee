// The GIL's part of the status pages beyond plain sums: who kept whom waiting, the longest holds, garbage
// collections, and every thread that has run Python.
//
// Threads: pure functions.
// Lifetime: values.
// Cannot: show more than a page of each: the most important come first, and the rest is left out.
#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>

#include "server/metrics/observatory.hpp"

namespace baton::admin {

boost::json::array blame_array(const metrics::Observation& seen);
boost::json::array longest_holds_array(const metrics::Observation& seen);
boost::json::array gc_array(const metrics::Observation& seen);
boost::json::array python_threads_array(const metrics::Observation& seen);
// The same as rows of a table: thread, what it does, for how long; request, for how long, its id; route.
std::string python_threads_html(const metrics::Observation& seen);

// The longest uninterrupted hold in seconds; nothing when the route never held the GIL.
std::optional<double> longest_hold(const metrics::Observation& seen, metrics::Party party);

}  // namespace baton::admin
