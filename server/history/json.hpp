// The history, the routes, the slow requests and the threads as JSON, for the live page.
//
// Threads: pure functions. Lifetime: what they return owns its bytes.
// Cannot: give numbers in full: five digits, as nobody sees more of a chart.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "server/history/history.hpp"
#include "server/history/route_rates.hpp"
#include "server/history/slow_book.hpp"

namespace baton::history {

// Null for NAN.
boost::json::value number(double value);

// {"t": SECONDS, FIELD: NUMBER, ..., "gil": {INTERPRETER: {"saturation": , "waiters": }}}
boost::json::object sample_object(const Sample& sample, const std::vector<std::string>& columns);
// The same with an array for each number, the oldest first: {"step": 1, "t": [...], ...}
std::string history_json(const History& history);

// {"window_seconds": , "rows": [...]}; each row's numbers are of the window, and of all time in "total".
boost::json::object routes_object(const RouteRates& rates, const metrics::Observation& seen,
                                  std::size_t most);

// `wall` - `at`, in seconds, makes a time since the epoch of one of the monotonic clock.
boost::json::array slow_array(const std::vector<metrics::SlowRequest>& slowest,
                              const std::vector<std::string>& labels, double epoch);

}  // namespace baton::history
