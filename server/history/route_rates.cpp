#include "server/history/route_rates.hpp"

#include <algorithm>
#include <utility>

#include "server/history/sample.hpp"

namespace baton::history {
namespace {

constexpr std::uint16_t kServerError = 500;

RouteSums sums(const metrics::RouteTotals& totals) {
    RouteSums out;
    for (const auto& [outcome, count] : totals.durations) {
        out.requests += count;
        if (outcome.status >= kServerError) out.errors += count.count();
    }
    for (std::size_t i = 0; i < metrics::kPhases; ++i) out.phases[i] = totals.phases[i].sum;
    out.cpu = totals.cpu.sum;
    return out;
}

RouteSums between(const RouteSums& then, const RouteSums& now) {
    RouteSums out;
    out.requests = difference(then.requests, now.requests);
    out.errors = now.errors - std::min(now.errors, then.errors);
    for (std::size_t i = 0; i < metrics::kPhases; ++i) out.phases[i] = now.phases[i] - then.phases[i];
    out.cpu = now.cpu - then.cpu;
    return out;
}

// By time under the GIL, recent first; where there are no GIL books, by all of the time.
bool heavier(const RouteRow& a, const RouteRow& b) {
    using metrics::Phase;
    const auto key = [](const RouteRow& row) {
        return std::array{row.now[Phase::gil_hold], row.total[Phase::gil_hold], row.now.requests.sum,
                          row.total.requests.sum};
    };
    return key(a) > key(b);
}

}  // namespace

void RouteRates::add(const metrics::Observation& seen, Nanoseconds at) {
    Snapshot snapshot{.at = at, .routes = {}};
    for (const auto& [id, totals] : seen.totals.routes) snapshot.routes.emplace(id, sums(totals));
    snapshots_.push_back(std::move(snapshot));
    // A tick may come early: the one that is just older than the span stays.
    while (snapshots_.size() > 2 && at - snapshots_[1].at >= kSpan) snapshots_.pop_front();
}

Nanoseconds RouteRates::window() const {
    return snapshots_.empty() ? 0 : snapshots_.back().at - snapshots_.front().at;
}

std::vector<RouteRow> RouteRates::rows(const metrics::Observation& seen, std::size_t most) const {
    std::vector<RouteRow> out;
    if (snapshots_.empty()) return out;
    const auto& before = snapshots_.front().routes;
    for (const auto& [id, total] : snapshots_.back().routes) {
        const auto then = before.find(id);
        const RouteSums now = window() == 0          ? RouteSums{}
                              : then == before.end() ? total
                                                     : between(then->second, total);
        out.push_back({seen.route_labels[id], seen.totals.routes.at(id).by_loop, now, total});
    }
    std::stable_sort(out.begin(), out.end(), heavier);
    if (out.size() > most) out.resize(most);
    return out;
}

}  // namespace baton::history
