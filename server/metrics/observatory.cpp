#include "server/metrics/observatory.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace baton::metrics {

bool Observation::has_gil_books() const {
    return std::any_of(gils.begin(), gils.end(),
                       [](const GilSample& gil) { return gil.enabled && gil.exact; });
}

const std::string& Observation::label(Party party) const {
    return party < route_labels.size() ? route_labels[party] : others.at(party);
}

Observatory::Observatory(Shards& shards, const ThreadClocks& clocks, Sources sources)
    : shards_(shards), clocks_(clocks), sources_(std::move(sources)) {
    if (!sources_.gils || !sources_.threads || !sources_.queue_length || !sources_.runtime || !sources_.gc ||
        !sources_.python_threads || !sources_.party_name || !sources_.loops) {
        throw std::invalid_argument("metrics: a source is missing");
    }
    tick();
}

Observation Observatory::observe() const {
    Observation seen;
    seen.totals = shards_.totals();
    seen.gils = sources_.gils();
    seen.python_threads = sources_.python_threads();
    seen.loops = sources_.loops();
    // After all of these: every id in them got a label before it got a count.
    const routing::RouteTable& routes = shards_.routes();
    for (std::size_t id = 0; id < routes.size(); ++id) {
        seen.route_labels.emplace_back(routes.label(static_cast<routing::RouteId>(id)));
    }
    add_parties(seen);
    seen.gc = sources_.gc();
    seen.threads = sources_.threads();
    seen.queue_length = sources_.queue_length();
    seen.runtime = sources_.runtime();
    seen.cpu_by_role = clocks_.by_role();
    seen.process = sample_process();
    seen.requests_per_cpu_second = throughput_.per_cpu_second(throughput_sample());
    return seen;
}

void Observatory::add_parties(Observation& seen) const {
    std::vector<BlamePair> blame;
    std::map<Party, Nanoseconds> longest;
    for (const GilSample& gil : seen.gils) {
        blame.insert(blame.end(), gil.blame.begin(), gil.blame.end());
        for (const PartyHold& hold : gil.longest) {
            Nanoseconds& most = longest[hold.party];
            most = std::max(most, hold.time);
        }
    }
    seen.blame = blame_.show(blame);
    for (const auto& [party, time] : longest) seen.longest_holds.push_back({party, time});
    std::stable_sort(seen.longest_holds.begin(), seen.longest_holds.end(),
                     [](const PartyHold& a, const PartyHold& b) { return a.time > b.time; });
    const auto name = [&](Party party) {
        if (party >= seen.route_labels.size()) seen.others.try_emplace(party, sources_.party_name(party));
    };
    for (const BlamePair& pair : seen.blame.pairs) {
        name(pair.waiting);
        name(pair.holding);
    }
    for (const PartyHold& hold : seen.longest_holds) name(hold.party);
    for (const GilSample& gil : seen.gils) {
        for (const PartyKept& kept : gil.kept) name(kept.party);
    }
}

void Observatory::tick() {
    throughput_.tick(throughput_sample());
}

Throughput::Sample Observatory::throughput_sample() const {
    return {dispatch::now(), shards_.requests(), process_cpu()};
}

}  // namespace baton::metrics
