// The slowest requests of one I/O thread since somebody last asked. A quick one costs a load and a compare.
//
// Threads: note() from the one I/O thread; take() from any, a mutex for the length of a call.
// Lifetime: owned by a Recorder; what take() returns owns its bytes.
// Cannot: keep more than kMost, or a text in full: what is longer than its field is cut.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/dispatch/exchange.hpp"
#include "server/metrics/phases.hpp"
#include "server/routing/route_table.hpp"

namespace baton::metrics {

struct SlowRequest {
    static constexpr std::size_t kLongestId = 64;
    static constexpr std::size_t kLongestMethod = 16;
    static constexpr std::size_t kLongestPath = 200;

    Phases spent;
    Nanoseconds ended = 0;  // CLOCK_MONOTONIC
    routing::RouteId route = 0;
    int status = 0;
    std::string id;
    std::string method;
    std::string path;  // as it came, without the query, which may hold secrets
};

class SlowRequests {
  public:
    static constexpr std::size_t kMost = 20;

    void note(const dispatch::Exchange& exchange, const Phases& spent, routing::RouteId route, int status) {
        if (spent.duration > threshold_.load(std::memory_order_relaxed)) [[unlikely]]
            keep(exchange, spent, route, status);
    }

    // Adds them to `all` and starts over; from then on only requests slower than `threshold` are of interest.
    void take(std::vector<SlowRequest>& all, Nanoseconds threshold);

  private:
    void keep(const dispatch::Exchange& exchange, const Phases& spent, routing::RouteId route, int status);

    std::atomic<Nanoseconds> threshold_{0};
    std::mutex mutex_;
    Nanoseconds least_ = 0;             // what take() said
    std::vector<SlowRequest> slowest_;  // a heap, the quickest first
};

}  // namespace baton::metrics
