// Where the time of a request went. The phases always add up to its duration, to the nanosecond.
//
// Threads: a pure function.
// Lifetime: nothing is kept.
// Cannot: tell more than its clocks: what neither the queue, the GIL, a Python lock nor an event loop took is
// off_gil.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "server/dispatch/exchange.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

enum class Phase { queue, gil_wait, gil_hold, lock_wait, ready, off_gil, send };
inline constexpr std::size_t kPhases = 7;
inline constexpr std::array<std::string_view, kPhases> kPhaseNames = {
    "queue", "gil_wait", "gil_hold", "lock_wait", "ready", "off_gil", "send"};

struct Phases {
    std::array<Nanoseconds, kPhases> spent{};
    Nanoseconds duration = 0;

    Nanoseconds operator[](Phase phase) const { return spent[static_cast<std::size_t>(phase)]; }
};

// queue: head complete until an interpreter thread or an event loop takes the request, waiting for its body
// included; all of it when none ever does. send: from the application's return to the last byte; zero when
// the last byte went out before. Books that claim more than the thread had the request (two clocks never
// agree to the nanosecond) are cut to it.
Phases phases(const dispatch::Timeline& timeline, const dispatch::Books& books);

// Of the request that opened a WebSocket, which is over when the 101 has been sent; the application goes on.
// `noted`: the books when it accepted, note_books().
Phases handshake_phases(const dispatch::Timeline& timeline, const dispatch::Books& noted, Nanoseconds sent);

}  // namespace baton::metrics
