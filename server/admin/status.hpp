// The state of the server as JSON, from the same observation as /metrics.
//
// Threads: pure functions.
// Lifetime: the text owns its bytes.
// Cannot: say more than the metrics do; times are in seconds, as there.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "server/admin/readiness.hpp"
#include "server/metrics/observatory.hpp"

namespace baton::admin {

// Since the process began, by the server's clock.
double uptime_seconds(const metrics::Observation& seen);

boost::json::object threads_object(const metrics::ThreadStates& threads);

// Everything, with the routes that took the most time.
std::string status_json(const metrics::Observation& seen, Readiness readiness);
// All routes, the most time first.
std::string routes_json(const metrics::Observation& seen);

}  // namespace baton::admin
