// What all shards together have counted, as plain values: what the collector and the status page are made of.
//
// Threads: a value; one thread at a time.
// Lifetime: refers to nothing.
// Cannot: change after it was taken.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "server/metrics/histogram.hpp"
#include "server/metrics/labels.hpp"
#include "server/metrics/phases.hpp"
#include "server/metrics/recorder.hpp"
#include "server/routing/route_table.hpp"

namespace baton::metrics {

struct RouteTotals {
    std::map<Outcome, RequestCount> durations;  // by method and status
    std::array<PhaseCount, kPhases> phases{};
    PhaseCount cpu{};
    bool by_loop = false;  // an event loop has served it
};

struct RequestTotals {
    std::map<routing::RouteId, RouteTotals> routes;
    std::uint64_t requests = 0;
    std::int64_t active_requests = 0;
    std::int64_t websockets = 0;
    std::uint64_t websocket_messages_in = 0;
    std::uint64_t websocket_messages_out = 0;
    std::int64_t connections_active = 0;
    std::int64_t connections_idle = 0;
    std::uint64_t connections_opened = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::array<std::uint64_t, kRejectionNames.size()> rejected{};
};

}  // namespace baton::metrics
