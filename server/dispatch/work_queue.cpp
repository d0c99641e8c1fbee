#include "server/dispatch/work_queue.hpp"

#include <algorithm>

#include "server/dispatch/parking.hpp"

namespace baton::dispatch {

namespace {

// Nothing claimed for so long: the threads are in requests that take their time.
constexpr Nanoseconds kStale = 1'000'000;

}  // namespace

struct WorkQueue::Parked {
    Parking place;
    // Guarded by idle_mutex_ while it is in idle_, afterwards the thread's own.
    bool coming = false;
    bool retired = false;
};

// Thread storage, so that it outlives the park: wake_one() may still be in wake() when wait() returns.
WorkQueue::Parked& WorkQueue::this_thread() {
    thread_local Parked self;
    return self;
}

void WorkQueue::set_coming(Parked& thread, bool coming) {
    if (thread.coming == coming) return;
    thread.coming = coming;
    coming_.fetch_add(coming ? std::size_t{1} : ~std::size_t{0}, std::memory_order_relaxed);
}

// To be called after each change of idle_, with its mutex.
void WorkQueue::count_idle() {
    fewest_idle_ = std::min(fewest_idle_, idle_.size());
    idle_count_.store(idle_.size(), std::memory_order_seq_cst);
}

std::size_t WorkQueue::take_fewest_idle() {
    const std::lock_guard lock(idle_mutex_);
    return std::exchange(fewest_idle_, idle_.size());
}

WorkQueue::WorkQueue(std::size_t limit) : exchanges_(limit), limit_(limit) {}

WorkQueue::~WorkQueue() {
    exchanges_.consume_all([](Exchange* x) { const ExchangePtr released(x, false); });
}

bool WorkQueue::push(ExchangePtr exchange) {
    if (length_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
        length_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    Exchange* const x = exchange.detach();
    if (exchanges_.push(x)) return true;
    const ExchangePtr released(x, false);
    length_.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

bool WorkQueue::flush(Nanoseconds at) {
    if (length_.load(std::memory_order_seq_cst) == 0) return false;
    const Nanoseconds since_claim = at - last_claim_.load(std::memory_order_relaxed);
    if (at < hot_until_.load(std::memory_order_relaxed) || enough_coming()) return true;
    if (idle_threads() > 0) {
        wake_one();
    } else if (since_claim >= kStale && crowded_) {
        crowded_();
    }
    return true;
}

ExchangePtr WorkQueue::try_pop(Nanoseconds at) {
    set_coming(this_thread(), false);
    Exchange* x = nullptr;
    if (!exchanges_.pop(x)) return nullptr;
    length_.fetch_sub(1, std::memory_order_relaxed);
    last_claim_.store(at, std::memory_order_relaxed);
    hot_until_.store(soon_over(*x) ? at + kHot : 0, std::memory_order_relaxed);
    return ExchangePtr(x, false);
}

bool WorkQueue::park() {
    Parked& self = this_thread();
    set_coming(self, false);
    hot_until_.store(0, std::memory_order_relaxed);  // nobody need count on this thread any more
    {
        const std::lock_guard lock(idle_mutex_);
        idle_.push_back(&self);
        count_idle();
    }
    // Counted as idle first, then the look at the queue: a push either sees this thread idle or is seen here.
    if (length_.load(std::memory_order_seq_cst) > 0 || closed_.load(std::memory_order_seq_cst)) {
        const std::lock_guard lock(idle_mutex_);
        const auto found = std::find(idle_.begin(), idle_.end(), &self);
        if (found != idle_.end()) {
            idle_.erase(found);
            set_coming(self, true);
            count_idle();
            return !closed_.load(std::memory_order_relaxed) || length() > 0;
        }
    }
    self.place.wait();
    if (std::exchange(self.retired, false)) return false;
    return !closed_.load(std::memory_order_acquire) || length() > 0;
}

bool WorkQueue::wake_one() {
    Parked* parked = nullptr;
    {
        const std::lock_guard lock(idle_mutex_);
        if (idle_.empty()) return false;
        parked = idle_.back();
        idle_.pop_back();
        set_coming(*parked, true);
        count_idle();
    }
    parked->place.wake();
    return true;
}

bool WorkQueue::retire_one() {
    Parked* parked = nullptr;
    {
        const std::lock_guard lock(idle_mutex_);
        if (idle_.empty()) return false;
        parked = idle_.front();
        idle_.erase(idle_.begin());
        parked->retired = true;
        count_idle();
    }
    parked->place.wake();
    return true;
}

void WorkQueue::released() {
    if (!enough_coming() && idle_threads() > 0) wake_one();
}

void WorkQueue::close() {
    closed_.store(true, std::memory_order_seq_cst);
    while (wake_one()) {
    }
}

}  // namespace baton::dispatch
