// Where the time of one request on an event loop goes: its own callbacks, waiting for the loop, or suspended.
//
// A request may have many callbacks waiting at once (child tasks); its time is never counted twice: at each
// moment it runs, or else is ready (at least one callback could run), or else is suspended.
//
// Threads: the loop's, or any with the GIL. Lifetime: the request's. Cannot: know when a file descriptor
// became readable; until its callback runs the request counts as suspended.
#pragma once

#include <algorithm>
#include <cstddef>

#include "interp/books.hpp"

namespace baton::interp::asgi {

class Account {
  public:
    using Nanoseconds = dispatch::Nanoseconds;

    // A callback of the request's has been queued, or taken back before it ran.
    void queued(Nanoseconds at) {
        if (waiting_++ == 0 && !running_) ready_since_ = at;
    }
    void cancelled(Nanoseconds at) {
        if (waiting_ == 0) return;
        --waiting_;
        if (waiting_ == 0) end_ready(at);
    }

    // One of its callbacks begins. `was_queued`: it was counted by queued(). `due`: the moment from which it
    // could have run, when nobody could queue it then (timers); else 0.
    void runs(const Moment& at, bool was_queued, Nanoseconds due = 0) {
        if (due != 0) {
            const Nanoseconds since = std::clamp(due, counted_to_, at.at);
            ready_since_ = ready_since_ == 0 ? since : std::min(ready_since_, since);
        }
        if (was_queued && waiting_ > 0) --waiting_;
        end_ready(at.at);
        running_ = true;
        begun_ = at;
    }
    // It has returned; `cpu` is the CPU time that it took.
    void rests(const Moment& at, Nanoseconds cpu) {
        running_ = false;
        counted_to_ = at.at;
        const dispatch::Books part = as_books(at.totals) - as_books(begun_.totals);
        books_.gil_wait += part.gil_wait;
        books_.gil_hold += part.gil_hold;
        books_.lock_wait += part.lock_wait;
        books_.acquisitions += part.acquisitions;
        books_.cpu += cpu;
        if (waiting_ > 0) ready_since_ = at.at;
    }
    bool running() const { return running_; }

    // What the loop has waited for the GIL on the request's behalf before its first callback.
    void waited_before(Nanoseconds span) {
        books_.gil_wait += span;
        if (span > 0) ++books_.acquisitions;
    }

    // Up to `at`, the callback that runs now included.
    dispatch::Books books(const Moment& at) const;
    // When none runs: all of it, up to the last callback's end.
    const dispatch::Books& books() const { return books_; }

  private:
    void end_ready(Nanoseconds at) {
        if (ready_since_ == 0) return;
        books_.ready += std::max<Nanoseconds>(0, at - ready_since_);
        ready_since_ = 0;
        counted_to_ = at;
    }

    dispatch::Books books_;
    Moment begun_;
    Nanoseconds ready_since_ = 0;  // 0: runs or is suspended
    Nanoseconds counted_to_ = 0;   // what was before is in the books, or was suspended
    std::size_t waiting_ = 0;      // callbacks queued
    bool running_ = false;
};

inline dispatch::Books Account::books(const Moment& at) const {
    dispatch::Books all = books_;
    if (running_) {
        const dispatch::Books part = as_books(at.totals) - as_books(begun_.totals);
        all.gil_wait += part.gil_wait;
        all.gil_hold += part.gil_hold;
        all.lock_wait += part.lock_wait;
        all.acquisitions += part.acquisitions;
    } else if (ready_since_ != 0) {
        all.ready += std::max<Nanoseconds>(0, at.at - ready_since_);
    }
    return all;
}

}  // namespace baton::interp::asgi
