// Which requests' callbacks have kept an event loop for long: how often and for how long, by route.
//
// Threads: add() on the loop's thread; all() from any. Lifetime: the loop's. Cannot: tell routes apart that
// have no label yet: they share the first place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "interp/gil/tags.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

struct LongStep {
    bool of_request = false;  // else a callback that belongs to no request
    std::uint32_t route = 0;
    std::uint64_t count = 0;
    dispatch::Nanoseconds time = 0;     // of all of them
    dispatch::Nanoseconds longest = 0;  // since the start
};

class LongSteps {
  public:
    static constexpr dispatch::Nanoseconds kLong = 20'000'000;
    static constexpr std::uint32_t kNobody = gil::kProgramTags;

    // One that has taken `time`, waits for the GIL left out.
    void add(std::uint32_t route, dispatch::Nanoseconds time) {
        if (time < kLong || route > kNobody) return;
        Cell& cell = cells_[route];
        put(cell.count, cell.count.load(std::memory_order_relaxed) + 1);
        put(cell.time, cell.time.load(std::memory_order_relaxed) + time);
        if (time > cell.longest.load(std::memory_order_relaxed)) put(cell.longest, time);
    }

    std::vector<LongStep> all() const {
        std::vector<LongStep> found;
        for (std::uint32_t route = 0; route <= kNobody; ++route) {
            const Cell& cell = cells_[route];
            const std::uint64_t count = cell.count.load(std::memory_order_relaxed);
            if (count == 0) continue;
            found.push_back({route != kNobody, route != kNobody ? route : 0, count,
                             cell.time.load(std::memory_order_relaxed),
                             cell.longest.load(std::memory_order_relaxed)});
        }
        return found;
    }

  private:
    struct Cell {
        std::atomic<std::uint64_t> count{0};
        std::atomic<dispatch::Nanoseconds> time{0};
        std::atomic<dispatch::Nanoseconds> longest{0};
    };
    template <typename T>
    static void put(std::atomic<T>& field, T value) {
        field.store(value, std::memory_order_relaxed);
    }

    std::array<Cell, kNobody + 1> cells_{};
};

}  // namespace baton::interp::asgi
