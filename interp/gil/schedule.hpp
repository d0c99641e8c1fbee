// The state of one GIL as its scheduler sees it, and the scheduler's decisions: who is woken, who asks the
// holder to let go, and when. docs/gil_scheduler.md says why they are right.
//
// Threads: everything is guarded by gil->mutex, except holder_begins_request(), which is the holder's own.
// Lifetime: the GIL's. Cannot: block, wake or read a clock: scheduler.cpp does, and so does the test that
// explores every order of events.
#pragma once

#include <atomic>
#include <cstdint>

#include "interp/gil/line.hpp"

namespace baton::gil {

// What the scheduler knows of a thread.
struct Runner : Waiter {
    std::atomic<bool> ranks_first{false};  // its own to set, at any time
    bool in_request = false;

    std::int64_t used = 0;         // GIL time that counts for its level, when it last let go
    std::int64_t used_at = 0;      // when that was
    std::int64_t slice_used = 0;   // of its turn, which others have cut short
    std::int64_t arrived = 0;      // at the wait in progress
    std::int64_t looks_again = 0;  // when that one ends by itself
    std::uint64_t switches_seen = 0;
};

class Schedule {
  public:
    // A holder whom a better level asks has this much time to let go by itself (ns).
    static constexpr std::int64_t kGrace = 100'000;
    // Who was woken and has not come for so long (ns) is not waited for.
    static constexpr std::int64_t kComing = 200'000;

    void taken(Runner& runner, std::int64_t time) noexcept;
    // True: forced, because somebody had asked.
    bool released(Runner& runner, std::int64_t time) noexcept;
    // The waiter to be woken after a release; null: nobody, or somebody is on the way.
    Runner* choose(std::int64_t time) noexcept;

    // The runner is about to wait, at the longest until then. Returns when it has to look again; that may be
    // now.
    std::int64_t join(Runner& runner, std::int64_t time, std::int64_t until) noexcept;
    // It has waited, and was chosen, or not. True: it asks the holder to let go, which is for CPython a wait
    // that timed out.
    bool leave(Runner& runner, std::int64_t time, std::int64_t until) noexcept;

    // The holder works for a new request from now on, and its usage counts as if it had held the GIL since
    // `began`. The holder's own call, without gil->mutex.
    void holder_begins_request(std::int64_t began) noexcept {
        usage_began_.store(began, std::memory_order_relaxed);
    }
    // The waiter who has to look again now, because it counted on a holder who would soon be done, and who is
    // not; null: nobody.
    Runner* misled(std::int64_t time) const noexcept;
    // Takes one out of the line whose waiting is over for good; null: the line is empty.
    Runner* dismiss() noexcept;

    // Without the scheduler (policy cpython): CPython's own waits, which are only watched.
    void wait_begins(Runner& runner) const noexcept { runner.switches_seen = switches_; }
    void wait_timed_out(const Runner& runner, std::int64_t time) noexcept {
        if (locked_ && switches_ == runner.switches_seen) request(time);
    }

    bool locked() const noexcept { return locked_; }
    bool requested() const noexcept { return requested_; }
    // Since when, until somebody takes the GIL.
    std::int64_t requested_at() const noexcept { return requested_at_; }
    bool anybody_waits() const noexcept { return !line_.empty(); }
    // For the child of a fork and for a GIL that is made: nobody holds it, nobody waits.
    void start_over() noexcept;

  private:
    friend struct ScheduleState;  // the test that explores every order of events tells states apart by it

    void request(std::int64_t time) noexcept {
        if (!requested_) requested_at_ = time;
        requested_ = true;
    }
    std::int64_t holder_began() const noexcept;
    Level holder_level(std::int64_t time) const noexcept;
    std::int64_t worth_looking_at(const Runner& runner, std::int64_t time, std::int64_t until) const noexcept;
    std::int64_t ask_at(const Runner& runner, std::int64_t time, std::int64_t until) const noexcept;

    Line line_;
    unsigned coming_ = 0;  // chosen, and not back yet
    std::int64_t chosen_at_ = 0;
    Level chosen_level_ = kShort;

    bool locked_ = false;
    bool requested_ = false;          // a waiter has asked the holder to let go,
    std::int64_t requested_at_ = 0;   // the first one at this time
    const Runner* holder_ = nullptr;  // the last one
    std::uint64_t switches_ = 0;      // takes by another thread than the last holder
    std::int64_t taken_at_ = 0;
    std::int64_t slice_began_ = 0;       // taken_at_ less what it has used of its turn before
    std::int64_t interval_ = 5'000'000;  // CPython's switch interval, as the last wait told
    // When its usage was zero, had it held the GIL ever since. The holder changes it without the mutex.
    std::atomic<std::int64_t> usage_began_{0};
};

}  // namespace baton::gil
