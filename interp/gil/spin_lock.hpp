// A lock for the few instants in which this room must not call pthread_mutex_lock(), which it defines itself.
//
// Threads: any. Lifetime: a scope. Cannot: be fair; what it guards takes nanoseconds and happens rarely.
#pragma once

#include <sched.h>

#include <atomic>

namespace baton::gil {

class SpinLock {
  public:
    explicit SpinLock(std::atomic_flag& flag) noexcept : flag_(flag) {
        while (flag_.test_and_set(std::memory_order_acquire)) sched_yield();
    }
    ~SpinLock() { flag_.clear(std::memory_order_release); }
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

  private:
    std::atomic_flag& flag_;
};

}  // namespace baton::gil
