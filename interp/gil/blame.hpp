// Who kept whom waiting: the holds of one GIL, tag by tag, laid beside each wait when it ends.
//
// Threads: written only by the thread that holds the GIL, which is guard enough; read by any. Lifetime: the
// GIL's. Cannot: remember more holds than kHolds; of a wait that spans more, the rest is blamed on kOther.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "interp/gil/tags.hpp"

namespace baton::gil {

struct Blame {
    Tag waiting = kOther;
    Tag holding = kOther;
    std::int64_t nanoseconds = 0;
};

struct LongestHold {
    Tag tag = kOther;
    std::int64_t nanoseconds = 0;
};

// How often one hold kept one waiter for kLongWait or longer: code that does not let go when it is asked.
struct KeptWaiting {
    Tag tag = kOther;  // who held
    std::uint64_t count = 0;
    std::int64_t nanoseconds = 0;
};

// What a thread has waited for before it knows on whose behalf: see await_request().
struct PendingBlame {
    std::array<Blame, 8> parts{};
    std::size_t count = 0;

    void add(Tag holding, std::int64_t nanoseconds) noexcept;
};

class BlameBook {
  public:
    static constexpr std::int64_t kLongWait = 20'000'000;

    // The holder of the GIL held it for `tag` in [from, to). In order of time.
    void held(Tag tag, std::int64_t from, std::int64_t to) noexcept;
    // The end of an uninterrupted hold, or of what one request had of it.
    void hold_ended(Tag tag, std::int64_t length) noexcept;
    // The new holder has waited in [from, to), until now. Calls each(Tag, nanoseconds) with parts that add up
    // to it.
    template <typename Each>
    void split(std::int64_t from, std::int64_t to, Each each) const noexcept {
        split(from, to, each, each);
    }
    // `rest` for the part that is no hold's: of many that nobody remembers, or before the first.
    template <typename Each, typename Rest>
    void split(std::int64_t from, std::int64_t to, Each each, Rest rest) const noexcept {
        std::int64_t end = to;  // everything after it is accounted for
        for (std::size_t back = 1; back <= kHolds && end > from; ++back) {
            const Hold& hold = holds_[(next_ - back) % kHolds];
            if (hold.to <= from) break;
            if (hold.to < end) each(kNobody, end - hold.to);
            end = hold.to < end ? hold.to : end;
            const std::int64_t begin = hold.from > from ? hold.from : from;
            if (begin < end) each(hold.tag, end - begin);
            end = begin < end ? begin : end;
        }
        // Either nobody held it before, or nobody remembers.
        if (end > from) rest(holds_[next_ % kHolds].to > from ? kOther : kNobody, end - from);
    }
    void add(Tag waiting, Tag holding, std::int64_t nanoseconds) noexcept;
    // One of the parts, before they are added up.
    void kept_waiting(Tag holding, std::int64_t nanoseconds) noexcept;

    std::vector<Blame> all() const;            // those that are not zero
    std::vector<LongestHold> longest() const;  // since the start, for each tag that has held
    std::vector<KeptWaiting> kept() const;     // since the start
    void start_over() noexcept;

  private:
    static constexpr std::size_t kHolds = 256;  // a power of two: next_ may wrap

    struct Hold {
        std::int64_t from = 0;
        std::int64_t to = 0;
        Tag tag = kOther;
    };
    std::array<Hold, kHolds> holds_{};
    std::size_t next_ = 0;
    std::array<std::array<std::atomic<std::int64_t>, kTags>, kTags> blame_{};
    std::array<std::atomic<std::int64_t>, kTags> longest_{};
    struct Kept {
        std::atomic<std::uint64_t> count{0};
        std::atomic<std::int64_t> sum{0};
    };
    std::array<Kept, kTags> kept_{};
};

}  // namespace baton::gil
