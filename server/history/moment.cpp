#include "server/history/moment.hpp"

namespace baton::history {
namespace {

constexpr std::uint16_t kServerError = 500;

void add_requests(Moment& out, const metrics::RequestTotals& totals) {
    for (const auto& [id, route] : totals.routes) {
        for (const auto& [outcome, count] : route.durations) {
            out.requests += count;
            if (outcome.status >= kServerError) out.errors += count.count();
        }
        for (std::size_t i = 0; i < metrics::kPhases; ++i) out.phases[i] += route.phases[i].sum;
    }
    for (const std::uint64_t count : totals.rejected) out.rejected += count;
}

}  // namespace

Moment moment(const metrics::Observation& seen, Nanoseconds at, double wall) {
    Moment out;
    out.at = at;
    out.wall = wall;
    add_requests(out, seen.totals);
    out.cpu = seen.process.cpu;
    for (const metrics::GilSample& gil : seen.gils) {
        if (gil.enabled && gil.exact) out.gils.push_back({gil.interpreter, gil.held, gil.waiting});
    }
    for (const metrics::LoopSample& loop : seen.loops) {
        out.lag += loop.lag;
        out.loop_active += loop.active;
        out.loop_idle += loop.idle;
    }
    out.queue = seen.queue_length;
    out.active_requests = seen.totals.active_requests;
    out.connections = seen.totals.connections_active + seen.totals.connections_idle;
    out.websockets = seen.totals.websockets;
    out.memory = seen.process.resident_bytes;
    return out;
}

}  // namespace baton::history
