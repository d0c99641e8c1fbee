#include "server/metrics/observatory.hpp"

#include <stdexcept>
#include <utility>

namespace baton::metrics {

Observatory::Observatory(const Shards& shards, const ThreadClocks& clocks, Sources sources)
    : shards_(shards), clocks_(clocks), sources_(std::move(sources)) {
    if (!sources_.gils || !sources_.threads || !sources_.queue_length || !sources_.runtime) {
        throw std::invalid_argument("metrics: a source is missing");
    }
    tick();
}

Observation Observatory::observe() const {
    Observation seen;
    seen.totals = shards_.totals();
    // After the totals: every id that they have got a label before it got a count.
    const routing::RouteTable& routes = shards_.routes();
    for (std::size_t id = 0; id < routes.size(); ++id) {
        seen.route_labels.emplace_back(routes.label(static_cast<routing::RouteId>(id)));
    }
    seen.gils = sources_.gils();
    seen.threads = sources_.threads();
    seen.queue_length = sources_.queue_length();
    seen.runtime = sources_.runtime();
    seen.cpu_by_role = clocks_.by_role();
    seen.process = sample_process();
    seen.requests_per_cpu_second = throughput_.per_cpu_second(throughput_sample());
    return seen;
}

void Observatory::tick() {
    throughput_.tick(throughput_sample());
}

Throughput::Sample Observatory::throughput_sample() const {
    return {dispatch::now(), shards_.requests(), process_cpu()};
}

}  // namespace baton::metrics
