// What requests of each route have usually taken of late: how long they kept their interpreter thread, and
// how long they held the GIL. It says what to expect of the next one.
//
// Threads: any; two that note at once may lose one of the two, which an estimate can bear.
// Lifetime: the queue's. Cannot: know anything of a request whose route is not known yet (route 0).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "server/dispatch/clock.hpp"

namespace baton::dispatch {

class Tempo {
  public:
    // `away`: the part of `busy` in which it neither had the GIL nor wanted it.
    void note(std::uint32_t route, Nanoseconds busy, Nanoseconds held, Nanoseconds away = 0) {
        if (route == 0 || route >= kRoutes) return;
        Usual& usual = usual_[route];
        // Who trusts that a request is short is wronged by a long one, who expects a long one is wronged by a
        // short one: each estimate follows at once in the direction that does no harm, and slowly in the
        // other.
        follow(usual.busy, busy, busy > usual.busy.load(std::memory_order_relaxed));
        follow(usual.held, held, held < usual.held.load(std::memory_order_relaxed));
        follow(usual.away, away, true);
    }
    // Is the next request of this route expected to be over within `span`?
    bool short_of(std::uint32_t route, Nanoseconds span) const {
        if (route == 0 || route >= kRoutes) return false;
        const Nanoseconds busy = usual_[route].busy.load(std::memory_order_relaxed);
        return busy != 0 && busy < span;
    }
    // GIL time; 0 when nothing is known.
    Nanoseconds held(std::uint32_t route) const {
        return route >= kRoutes ? 0 : usual_[route].held.load(std::memory_order_relaxed);
    }
    // Is the next request of this route expected to hold the GIL for so long, and not to be away for many
    // times as long? One that mostly sleeps, such as a stream of hours, does not compute.
    bool computes(std::uint32_t route, Nanoseconds least) const {
        const Nanoseconds expected = held(route);
        return expected >= least &&
               expected >= usual_[route].away.load(std::memory_order_relaxed) / kMostlyAway;
    }

  private:
    static constexpr Nanoseconds kMostlyAway = 16;
    static constexpr std::size_t kRoutes = 128;  // routing::RouteTable::kIds and some

    struct Usual {
        std::atomic<Nanoseconds> busy{0};  // 0: nothing known
        std::atomic<Nanoseconds> held{0};
        std::atomic<Nanoseconds> away{0};
    };
    static void follow(std::atomic<Nanoseconds>& usual, Nanoseconds now, bool at_once) {
        const Nanoseconds before = usual.load(std::memory_order_relaxed);
        const Nanoseconds part = before == 0 ? 1 : at_once ? 2 : 8;
        usual.store(before + (now - before) / part, std::memory_order_relaxed);
    }
    std::array<Usual, kRoutes> usual_{};
};

}  // namespace baton::dispatch
