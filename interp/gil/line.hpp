// Who waits for a GIL, and who is next: the better level first, the longer wait first within a level. Who has
// waited long is treated as of a better level.
//
// Threads: a plain data structure; its user guards it (with gil->mutex).
// Lifetime: waiters are linked in, not owned: a Waiter leaves the Line before it ends.
// Cannot: block, allocate, or read a clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace baton::gil {

// The smaller, the sooner. 0: all others stand behind this thread (an event loop); then by the GIL time that
// the request has used so far.
using Level = unsigned;
inline constexpr Level kFirst = 0, kShort = 1, kMedium = 2, kLong = 3;
inline constexpr unsigned kLevels = 4;

inline constexpr std::int64_t kShortEnds = 1'000'000;    // ns of GIL time
inline constexpr std::int64_t kMediumEnds = 10'000'000;  // ns of GIL time
inline constexpr std::int64_t kAgeing = 50'000'000;      // ns of waiting that are worth a level

constexpr Level level_of(std::int64_t used) {
    return used < kShortEnds ? kShort : used < kMediumEnds ? kMedium : kLong;
}

// What a level is worth after a wait. An event loop's rank cannot be reached by waiting.
constexpr Level aged(Level level, std::int64_t waited) {
    if (level <= kShort || waited < kAgeing) return level;
    return waited / kAgeing >= level - kShort ? kShort : level - static_cast<Level>(waited / kAgeing);
}

struct Waiter {
    enum class Place : std::uint8_t { kOut, kInLine, kChosen };

    Level level = kShort;
    std::int64_t since = 0;  // when it first asked; 0: it has not; below: the wait that it brings along
    Place place = Place::kOut;
    Waiter* before = nullptr;
    Waiter* after = nullptr;
};

class Line {
  public:
    // `level` and `since` are set and stay until it leaves.
    void join(Waiter& waiter) noexcept;
    void leave(Waiter& waiter) noexcept;
    // The next one; null when nobody waits.
    Waiter* best(std::int64_t time) const noexcept;
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

  private:
    struct Row {  // in order of `since`
        Waiter* head = nullptr;
        Waiter* tail = nullptr;
    };
    std::array<Row, kLevels> rows_{};
    std::size_t size_ = 0;
};

}  // namespace baton::gil
