// All shards and the routes that they share.
//
// Threads: add() and totals() from any thread.
// Lifetime: built by main before the I/O threads, outlives them; a shard stays when its thread has ended, so
// that sums never fall. Cannot: give a shard to two threads.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "server/metrics/recorder.hpp"
#include "server/metrics/totals.hpp"
#include "server/routing/route_table.hpp"

namespace baton::metrics {

class Shards {
  public:
    explicit Shards(routing::RouteTable& routes) : routes_(routes) {}

    // A shard for one I/O thread.
    Recorder& add();

    RequestTotals totals() const;
    // Requests complete so far; cheaper than totals().
    std::uint64_t requests() const;
    // The slowest requests since the last call, of those slower than what that one said; in no order.
    std::vector<SlowRequest> take_slow(Nanoseconds threshold);
    const routing::RouteTable& routes() const { return routes_; }

  private:
    routing::RouteTable& routes_;
    mutable std::mutex mutex_;
    std::deque<Recorder> shards_;  // a deque: references stay
};

}  // namespace baton::metrics
