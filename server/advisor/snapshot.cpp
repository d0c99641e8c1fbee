#include "server/advisor/snapshot.hpp"

namespace baton::advisor {

namespace {

RouteSums sums(const metrics::RouteTotals& totals) {
    RouteSums sums;
    for (const auto& [outcome, durations] : totals.durations) sums.requests += durations.count();
    for (std::size_t i = 0; i < metrics::kPhases; ++i) sums.phases[i] = totals.phases[i].sum;
    sums.cpu = totals.cpu.sum;
    return sums;
}

LoopSums sums(const metrics::LoopSample& loop) {
    LoopSums sums{loop.lag, loop.active, loop.idle, {}};
    for (const metrics::LongSteps& steps : loop.long_steps)
        sums.long_steps[steps.route] = {steps.count, steps.time};
    return sums;
}

}  // namespace

Snapshot condense(const metrics::Observation& seen, Nanoseconds at) {
    Snapshot now;
    now.at = at;
    for (const auto& [id, totals] : seen.totals.routes) now.routes[id] = sums(totals);
    for (const metrics::GilSample& gil : seen.gils) {
        now.held[gil.interpreter] += gil.held;
        for (const metrics::PartyKept& kept : gil.kept) {
            Sums& sums = now.kept[kept.party];
            sums.count += kept.count;
            sums.time += kept.time;
        }
    }
    for (const metrics::BlamePair& pair : seen.blame.pairs)
        now.blame[{pair.waiting, pair.holding}] = pair.time;
    for (const metrics::LoopSample& loop : seen.loops) now.loops.push_back(sums(loop));
    for (const metrics::GcSample& gc : seen.gc) now.pauses[gc.generation] += gc.pauses;
    now.rejected = seen.totals.rejected;
    now.cpu = seen.process.cpu;
    return now;
}

}  // namespace baton::advisor
