// What the admin pages are made of, besides the metrics.
//
// Threads: the functions are called on the admin thread; they must not wait for the GIL, nor for anything
// that may hang. Lifetime: everything referred to outlives Admin. Cannot: change anything: the admin address
// only tells.
#pragma once

#include <functional>
#include <string>

#include "server/admin/live.hpp"
#include "server/admin/readiness.hpp"
#include "server/advisor/advisor.hpp"
#include "server/metrics/observatory.hpp"
#include "server/metrics/thread_clocks.hpp"
#include "server/trace/recording.hpp"

namespace baton::admin {

struct Sources {
    metrics::Observatory& observatory;
    metrics::ThreadClocks& clocks;
    advisor::Advisor& advisor;
    Live& live;
    std::function<Readiness()> readiness;
    std::function<std::string()> config;  // the effective configuration as JSON text
    trace::Source trace{};
    std::function<void(const std::string& line)> report{};  // for the log, what failed; may be empty
};

}  // namespace baton::admin
