#include "server/metrics/blame.hpp"

#include <algorithm>

namespace baton::metrics {
namespace {

bool by_time(const BlamePair& a, const BlamePair& b) {
    return a.time > b.time;
}

}  // namespace

BlameSeries BlameTable::show(const std::vector<BlamePair>& all) {
    std::map<Key, Nanoseconds> sums;
    Nanoseconds total = 0;
    for (const BlamePair& pair : all) {
        sums[{pair.waiting, pair.holding}] += pair.time;
        total += pair.time;
    }
    std::vector<BlamePair> sorted;
    sorted.reserve(sums.size());
    for (const auto& [key, time] : sums) sorted.push_back({key.first, key.second, time});
    std::stable_sort(sorted.begin(), sorted.end(), by_time);

    BlameSeries series;
    const std::lock_guard lock(mutex_);
    for (const BlamePair& pair : sorted) {
        const Key key{pair.waiting, pair.holding};
        auto shown = before_.find(key);
        if (shown == before_.end()) {
            const bool worth_it = before_.size() < kMost && pair.time >= total / Nanoseconds{kMost};
            if (before_.size() >= kAtOnce && !worth_it) {
                series.other += pair.time;
                continue;
            }
            shown = before_.emplace(key, before_.size() < kAtOnce ? 0 : pair.time).first;
        }
        series.other += shown->second;
        series.pairs.push_back({pair.waiting, pair.holding, pair.time - shown->second});
    }
    std::stable_sort(series.pairs.begin(), series.pairs.end(), by_time);
    return series;
}

}  // namespace baton::metrics
