// Plans, cells, tallies and intervals such as the tests need them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"
#include "loadgen/result/result.hpp"

namespace loadgen::result {

inline plan::Plan plan_of(std::vector<std::string> names, plan::Model model = plan::Model::open) {
    plan::Plan out;
    for (std::string& name : names) {
        plan::Endpoint endpoint;
        endpoint.name = std::move(name);
        out.endpoints.push_back(std::move(endpoint));
    }
    out.load.model = model;
    out.load.duration = std::chrono::seconds(3);
    return out;
}

inline stats::Histogram times(std::size_t count, Nanoseconds value) {
    stats::Histogram out;
    for (std::size_t i = 0; i < count; ++i) out.record(value);
    return out;
}

// So many expected answers that took so long.
inline Tally tally_of(std::uint64_t answered, Nanoseconds response, Nanoseconds service) {
    Tally out;
    out.due = out.sent = out.answered = answered;
    if (answered > 0) out.statuses[200] = answered;
    out.response = times(answered, response).cells();
    out.service = times(answered, service).cells();
    return out;
}

inline std::uint64_t& count_of(auto& tally, Failure failure) {
    return tally.failures[static_cast<std::size_t>(failure)];
}

inline Interval interval_of(std::uint32_t second, std::uint32_t worker, std::vector<Tally> endpoints) {
    Interval out;
    out.second = second;
    out.worker = worker;
    out.endpoints = std::move(endpoints);
    return out;
}

}  // namespace loadgen::result
