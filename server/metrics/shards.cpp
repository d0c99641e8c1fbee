#include "server/metrics/shards.hpp"

namespace baton::metrics {

Recorder& Shards::add() {
    const std::lock_guard lock(mutex_);
    return shards_.emplace_back(routes_);
}

RequestTotals Shards::totals() const {
    const std::lock_guard lock(mutex_);
    RequestTotals totals;
    for (const Recorder& shard : shards_) shard.add_to(totals);
    return totals;
}

std::uint64_t Shards::requests() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t all = 0;
    for (const Recorder& shard : shards_) all += shard.requests();
    return all;
}

std::vector<SlowRequest> Shards::take_slow(Nanoseconds threshold) {
    const std::lock_guard lock(mutex_);
    std::vector<SlowRequest> all;
    for (Recorder& shard : shards_) shard.slow().take(all, threshold);
    return all;
}

}  // namespace baton::metrics
