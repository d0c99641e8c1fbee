#include "server/advisor/window.hpp"

#include <algorithm>
#include <numeric>

namespace baton::advisor {

namespace {

using metrics::Observation;
using metrics::Phase;

// Of what there was, or zero.
template <typename Map>
typename Map::mapped_type before(const Map& then, const typename Map::key_type& key) {
    const auto found = then.find(key);
    return found == then.end() ? typename Map::mapped_type{} : found->second;
}

// Sums of one moment are read one after the other, so a later one may be a little behind an earlier one.
template <typename T>
T grown(T now, T then) {
    return now > then ? now - then : T{};
}

metrics::PhaseCount grown(metrics::PhaseCount now, const metrics::PhaseCount& then) {
    for (std::size_t i = 0; i < now.buckets.size(); ++i)
        now.buckets[i] = grown(now.buckets[i], then.buckets[i]);
    now.sum = grown(now.sum, then.sum);
    return now;
}

template <typename T>
void most_time_first(std::vector<T>& all) {
    std::stable_sort(all.begin(), all.end(), [](const T& a, const T& b) { return a.time > b.time; });
}

std::vector<RouteWindow> routes(const Snapshot& then, const Snapshot& now, const Observation& seen) {
    std::vector<RouteWindow> all;
    for (const auto& [id, sums] : now.routes) {
        const RouteSums earlier = before(then.routes, id);
        RouteWindow route;
        route.label = seen.route_labels.at(id);
        route.requests = grown(sums.requests, earlier.requests);
        if (route.requests == 0) continue;
        for (std::size_t i = 0; i < metrics::kPhases; ++i)
            route.phases[i] = grown(sums.phases[i], earlier.phases[i]);
        route.cpu = grown(sums.cpu, earlier.cpu);
        const auto totals = seen.totals.routes.find(id);
        route.by_loop = totals != seen.totals.routes.end() && totals->second.by_loop;
        all.push_back(std::move(route));
    }
    std::stable_sort(all.begin(), all.end(), [](const RouteWindow& a, const RouteWindow& b) {
        return a[Phase::gil_hold] > b[Phase::gil_hold];
    });
    return all;
}

std::vector<BlameWindow> blame(const Snapshot& then, const Snapshot& now, const Observation& seen) {
    std::vector<BlameWindow> all;
    for (const auto& [pair, time] : now.blame) {
        const Nanoseconds more = grown(time, before(then.blame, pair));
        if (more > 0) all.push_back({seen.label(pair.first), seen.label(pair.second), more});
    }
    most_time_first(all);
    return all;
}

Nanoseconds longest_hold(const Observation& seen, Party party) {
    for (const metrics::PartyHold& hold : seen.longest_holds) {
        if (hold.party == party) return hold.time;
    }
    return 0;
}

std::vector<KeptWindow> kept(const Snapshot& then, const Snapshot& now, const Observation& seen) {
    std::vector<KeptWindow> all;
    for (const auto& [party, sums] : now.kept) {
        const Sums earlier = before(then.kept, party);
        const std::uint64_t count = grown(sums.count, earlier.count);
        if (count == 0) continue;
        all.push_back({seen.label(party), count, grown(sums.time, earlier.time), longest_hold(seen, party)});
    }
    most_time_first(all);
    return all;
}

LoopWindow loop(const LoopSums& then, const LoopSums& now, const metrics::LoopSample& sample,
                const Observation& seen) {
    LoopWindow loop;
    loop.interpreter = sample.interpreter;
    loop.lag = grown(now.lag, then.lag);
    loop.active = grown(now.active, then.active);
    loop.idle = grown(now.idle, then.idle);
    for (const metrics::LongSteps& steps : sample.long_steps) {
        const Sums earlier = before(then.long_steps, steps.route);
        const std::uint64_t count = grown(steps.count, earlier.count);
        if (count == 0) continue;
        loop.long_steps.push_back({steps.route ? seen.label(*steps.route) : std::string(), count,
                                   grown(steps.time, earlier.time), steps.longest});
    }
    most_time_first(loop.long_steps);
    return loop;
}

}  // namespace

Nanoseconds RouteWindow::work() const {
    return (*this)[Phase::gil_hold] + (*this)[Phase::lock_wait] + (*this)[Phase::off_gil];
}

Nanoseconds RouteWindow::native() const {
    return std::clamp<Nanoseconds>(cpu - (*this)[Phase::gil_hold], 0, (*this)[Phase::off_gil]);
}

Nanoseconds RouteWindow::duration() const {
    return std::accumulate(phases.begin(), phases.end(), Nanoseconds{0});
}

double RouteWindow::per_request(Nanoseconds time) const {
    return requests == 0 ? 0.0 : static_cast<double>(time) / static_cast<double>(requests);
}

const RouteWindow* Window::route(std::string_view label) const {
    const auto found = std::find_if(routes.begin(), routes.end(),
                                    [&](const RouteWindow& one) { return one.label == label; });
    return found == routes.end() ? nullptr : &*found;
}

Nanoseconds Window::sum(Phase phase) const {
    Nanoseconds all = 0;
    for (const RouteWindow& route : routes) all += route[phase];
    return all;
}

double Window::share(Nanoseconds time) const {
    return length <= 0 ? 0.0 : static_cast<double>(time) / static_cast<double>(length);
}

Window window(const Snapshot& then, const Snapshot& now, const Observation& seen) {
    Window seen_in;
    seen_in.length = grown(now.at, then.at);
    seen_in.routes = routes(then, now, seen);
    for (const RouteWindow& route : seen_in.routes) seen_in.requests += route.requests;
    seen_in.held = grown(before(now.held, "main"), before(then.held, "main"));
    seen_in.blame = blame(then, now, seen);
    seen_in.kept = kept(then, now, seen);
    for (std::size_t i = 0; i < now.loops.size(); ++i) {
        const LoopSums earlier = i < then.loops.size() ? then.loops[i] : LoopSums{};
        seen_in.loops.push_back(loop(earlier, now.loops[i], seen.loops[i], seen));
    }
    for (const auto& [generation, pauses] : now.pauses)
        seen_in.gc.push_back({generation, grown(pauses, before(then.pauses, generation))});
    for (std::size_t i = 0; i < now.rejected.size(); ++i)
        seen_in.rejected[i] = grown(now.rejected[i], then.rejected[i]);
    seen_in.cpu = grown(now.cpu, then.cpu);
    return seen_in;
}

}  // namespace baton::advisor
