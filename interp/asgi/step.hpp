// One callback of an event loop while it runs: charges its time to the request whose context it runs in.
//
// Threads: the loop's; the clocks of LoopClock may be read by any. Lifetime: a scope around the call; scopes
// nest (a request's first step runs within the callback that takes it from the queue), and then the inner one
// has the time. Cannot: see what runs between two callbacks; that is the loop's own.
#pragma once

#include <atomic>
#include <cstdint>

#include "interp/asgi/account.hpp"
#include "interp/cpu_clock.hpp"
#include "interp/gil/account.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

class Request;

// The loop's own books.
class LoopClock {
  public:
    using Nanoseconds = dispatch::Nanoseconds;

    // A callback begins or ends. Between two of them the loop works or waits for events: idle is what it
    // neither held the GIL nor stood in line for it.
    void step_begins(const Moment& at) {
        const Nanoseconds span = at.at - last_.at;
        const Nanoseconds busy =
            (at.totals.held - last_.totals.held) + (at.totals.waited - last_.totals.waited);
        if (last_.at != 0) {
            add(idle_, std::max<Nanoseconds>(0, span - busy));
            add(active_, std::clamp<Nanoseconds>(busy, 0, span));
        }
        waited_between_ = at.totals.waited - last_.totals.waited;
        last_ = at;
        serial_.fetch_add(1, std::memory_order_relaxed);
        begun_.store(at.at, std::memory_order_release);
    }
    void step_ends(const Moment& at) {
        add(active_, at.at - last_.at);
        last_ = at;
        ended_.store(at.at, std::memory_order_relaxed);
        begun_.store(0, std::memory_order_release);
    }
    void late_by(Nanoseconds span) { lag_.add(std::max<Nanoseconds>(0, span)); }
    // For the GIL, between the last two callbacks.
    Nanoseconds waited_between() const { return waited_between_; }

    // What is going on included.
    Nanoseconds active() const {
        const Nanoseconds since = begun();
        return never_less(shown_active_, active_, since == 0 ? 0 : dispatch::now() - since);
    }
    Nanoseconds idle() const {
        const Nanoseconds since = begun() != 0 ? 0 : ended_.load(std::memory_order_relaxed);
        return never_less(shown_idle_, idle_, since == 0 ? 0 : dispatch::now() - since);
    }
    gil::Histogram lag() const {
        gil::Histogram result;
        lag_.collect(result);
        return result;
    }
    // Requests whose application still runs, after its response as well.
    void request_begins() { requests_.fetch_add(1, std::memory_order_relaxed); }
    void request_ends() { requests_.fetch_sub(1, std::memory_order_relaxed); }
    std::size_t requests() const { return requests_.load(std::memory_order_relaxed); }

    // When the callback that runs now began, 0 when none does; and its number.
    Nanoseconds begun() const { return begun_.load(std::memory_order_acquire); }
    std::uint64_t serial() const { return serial_.load(std::memory_order_relaxed); }

  private:
    static void add(std::atomic<Nanoseconds>& sum, Nanoseconds span) {
        sum.store(sum.load(std::memory_order_relaxed) + span, std::memory_order_relaxed);
    }

    // A sum with what seems to be going on, which may turn out to have been less: counters never go down.
    static Nanoseconds never_less(std::atomic<Nanoseconds>& shown, const std::atomic<Nanoseconds>& sum,
                                  Nanoseconds now) {
        const Nanoseconds all = sum.load(std::memory_order_relaxed) + std::max<Nanoseconds>(0, now);
        Nanoseconds before = shown.load(std::memory_order_relaxed);
        while (before < all && !shown.compare_exchange_weak(before, all, std::memory_order_relaxed)) {
        }
        return std::max(before, all);
    }

    Moment last_;
    mutable std::atomic<Nanoseconds> shown_active_{0};
    mutable std::atomic<Nanoseconds> shown_idle_{0};
    std::atomic<Nanoseconds> ended_{0};
    Nanoseconds waited_between_ = 0;
    std::atomic<Nanoseconds> active_{0};
    std::atomic<Nanoseconds> idle_{0};
    std::atomic<Nanoseconds> begun_{0};
    std::atomic<std::uint64_t> serial_{0};
    std::atomic<std::size_t> requests_{0};
    gil::HistogramBook lag_;
};

struct Loop;

class Step {
  public:
    struct Due {
        bool queued = false;              // counted by Account::queued()
        dispatch::Nanoseconds ready = 0;  // since when it could have run; 0: not known
    };
    // `request` may be null: nobody's.
    Step(Loop& loop, Request* request, const Due& due);
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step();

  private:
    Loop& loop_;
    Request* const request_;
    Step* const outer_;
    std::uint64_t takes_ = 0;
    dispatch::Nanoseconds begun_ = 0;
    dispatch::Nanoseconds waited_ = 0;  // for the GIL, by then

    void enter(const Moment& at, bool queued, dispatch::Nanoseconds due);
    void leave(const Moment& at);
    void report(dispatch::Nanoseconds length);
};

}  // namespace baton::interp::asgi
