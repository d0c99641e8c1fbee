#include "loadgen/fleet/share.hpp"

#include <fmt/format.h>

#include "loadgen/fleet/message.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::fleet {

plan::Problem check_fleet(const plan::Plan& plan, std::size_t agents) {
    if (plan.load.connections < agents)
        return plan::Fault{fmt::format("--connections: {} among {} agents, each of which needs one",
                                       plan.load.connections, agents)};
    if (plan.load.threads * agents > result::Collector::kMostWorkers)
        return plan::Fault{fmt::format("--threads: {} in each of {} agents are more than {}",
                                       plan.load.threads, agents, result::Collector::kMostWorkers)};
    if (!plan.trust.ca_file.empty() || !plan.trust.certificate.empty() || !plan.trust.key.empty())
        return plan::Fault{
            "--ca, --cert and --key are for each agent's own command line: files do not travel"};
    std::size_t bodies = 0;
    for (const plan::Endpoint& endpoint : plan.endpoints) bodies += endpoint.body.size();
    if (bodies > kLongestLine || line_of(Job{share_of(plan, 0, agents)}).size() > kLongestLine)
        return plan::Fault{
            fmt::format("what is to be sent, bodies included, takes more than the {} MiB that "
                        "agents take",
                        kLongestLine >> 20)};
    return {};
}

plan::Plan share_of(const plan::Plan& plan, std::size_t part, std::size_t parts) {
    plan::Plan share = plan;
    share.load.part = part;
    share.load.parts = parts;
    share.load.connections = plan.load.connections / parts + (part < plan.load.connections % parts ? 1 : 0);
    share.thresholds.clear();
    return share;
}

}  // namespace loadgen::fleet
