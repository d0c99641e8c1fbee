// Where an I/O thread writes down what happened: one shard per thread, one writer, no locks.
//
// Threads: every method from the one I/O thread that owns the shard; the collector reads from another at any time.
// Lifetime: owned by Registry, outlives the threads.
// Cannot: allocate on the usual path (only the first request of a route, method and status does).
#pragma once

#include <cstdint>
#include <string_view>

#include "server/dispatch/exchange.hpp"

namespace baton::metrics {

enum class Rejection : std::uint8_t {
    queue_full,
    queue_timeout,
    draining,
    malformed,           // 400, 501, 505
    header_too_large,    // 431
    target_too_long,     // 414
    body_too_large,      // 413
    header_timeout,      // 408
    body_timeout,        // 408
    request_timeout,     // 504
    too_many_connections,
};

class Recorder {
  public:
    virtual ~Recorder() = default;

    // A request whose response is complete or given up. Phases come from the timeline and the books.
    virtual void request(const dispatch::Exchange& exchange, int status) = 0;
    // A request (or connection) that no application saw.
    virtual void rejected(Rejection reason) = 0;

    virtual void request_started() = 0;   // active + 1
    virtual void request_ended() = 0;     // active - 1
    virtual void connection_opened() = 0; // starts as active
    virtual void connection_closed(bool was_idle) = 0;
    virtual void connection_idle() = 0;    // active -> idle
    virtual void connection_active() = 0;  // idle -> active
    virtual void received(std::uint64_t bytes) = 0;
    virtual void sent(std::uint64_t bytes) = 0;
};

}  // namespace baton::metrics
