// Where an I/O thread writes down what happened: one shard per thread, one writer, no locks.
//
// Threads: every method from the one I/O thread that owns the shard, except add_to(), which any thread may
// call. Lifetime: owned by Shards, outlives the threads. Cannot: allocate on the usual path (only the first
// request of a route, method and status does).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/dispatch/clock.hpp"
#include "server/dispatch/exchange.hpp"
#include "server/metrics/histogram.hpp"
#include "server/metrics/phases.hpp"
#include "server/metrics/slow_requests.hpp"
#include "server/routing/route_cache.hpp"

namespace baton::metrics {

struct RequestTotals;  // totals.hpp

enum class Rejection : std::uint8_t {
    queue_full,
    queue_timeout,
    draining,
    malformed,         // 400, 501, 505
    header_too_large,  // 431
    target_too_long,   // 414
    body_too_large,    // 413
    header_timeout,    // 408
    body_timeout,      // 408
    request_timeout,   // 504
    too_many_connections,
};
inline constexpr std::array<std::string_view, 11> kRejectionNames = {
    "queue_full",          "queue_timeout",  "draining",       "malformed",    "header_too_large",
    "target_too_long",     "body_too_large", "header_timeout", "body_timeout", "request_timeout",
    "too_many_connections"};

class alignas(64) Recorder final {
  public:
    explicit Recorder(routing::RouteTable& routes) : routes_(routes) {}
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // A request whose response is complete or given up. Returns the route under which it was counted.
    routing::RouteId request(const dispatch::Exchange& exchange, const Phases& spent, int status);
    // The route of a path that has one already, else 0. What request() will say, unless the application names
    // another.
    routing::RouteId known_route(std::string_view path) { return routes_.of_path(path, true); }
    // A request (or connection) that no application saw.
    void rejected(Rejection reason) { bump(rejected_[static_cast<std::size_t>(reason)]); }

    // --- WebSockets. Call these instead of request() and request_ended() once a 101 has been sent (`sent`):
    // the request is over and counted as the handshake, however long the conversation lasts. The Exchange's
    // route_name and noted_books() are read; the application must have written them before commit() and not
    // again. Returns the route, for the access log.
    routing::RouteId websocket_opened(const dispatch::Exchange& exchange, Nanoseconds sent);
    void websocket_closed() { bump<std::int64_t>(websockets_, -1); }
    // Whole messages, however many frames they come in; no pings, pongs or closes.
    void websocket_message_in() { bump(websocket_messages_in_); }
    void websocket_message_out() { bump(websocket_messages_out_); }

    void request_started() { bump<std::int64_t>(active_requests_, 1); }
    void request_ended() { bump<std::int64_t>(active_requests_, -1); }
    // A connection starts as active.
    void connection_opened() {
        bump(connections_opened_);
        bump<std::int64_t>(connections_active_, 1);
    }
    void connection_closed(bool was_idle) {
        bump<std::int64_t>(was_idle ? connections_idle_ : connections_active_, -1);
    }
    void connection_idle() { move_connection(connections_active_, connections_idle_); }
    void connection_active() { move_connection(connections_idle_, connections_active_); }
    void received(std::uint64_t bytes) { bump(received_, bytes); }
    void sent(std::uint64_t bytes) { bump(sent_, bytes); }

    // Adds what this shard has counted so far.
    void add_to(RequestTotals& totals) const;
    std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }
    // Any thread.
    SlowRequests& slow() { return slow_; }

  private:
    struct Series;  // one method, route and status
    struct Route;   // everything of one route

    static void move_connection(std::atomic<std::int64_t>& from, std::atomic<std::int64_t>& to) {
        bump<std::int64_t>(from, -1);
        bump<std::int64_t>(to, 1);
    }
    routing::RouteId count(const dispatch::Exchange& exchange, const dispatch::Books& books,
                           const Phases& spent, int status);
    routing::RouteId route_of(const dispatch::Exchange& exchange, int status);
    Route& route(routing::RouteId id);

    routing::RouteCache routes_;
    std::array<std::atomic<Route*>, routing::RouteTable::kIds> books_{};
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::int64_t> active_requests_{0};
    std::atomic<std::int64_t> websockets_{0};
    std::atomic<std::uint64_t> websocket_messages_in_{0};
    std::atomic<std::uint64_t> websocket_messages_out_{0};
    std::atomic<std::int64_t> connections_active_{0};
    std::atomic<std::int64_t> connections_idle_{0};
    std::atomic<std::uint64_t> connections_opened_{0};
    std::atomic<std::uint64_t> received_{0};
    std::atomic<std::uint64_t> sent_{0};
    std::array<std::atomic<std::uint64_t>, kRejectionNames.size()> rejected_{};
    SlowRequests slow_;
};

}  // namespace baton::metrics
