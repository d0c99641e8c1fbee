// Where one thread sleeps until another wakes it: a futex (futex(2)).
//
// Threads: wait() and wait_until() on the owner; wake() on any. Lifetime: must outlive a wake() under way, so
// give it static or thread storage. Cannot: count; two wakes before a wait are one. It does not spin, as
// std::binary_semaphore does: a thread that parks here has nothing to do, and the processor is better used by
// those who have.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "server/dispatch/clock.hpp"

namespace baton::dispatch {

class Parking {
  public:
    void wait() {
        while (woken_.exchange(0, std::memory_order_acquire) == 0)
            syscall(SYS_futex, &woken_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
    }
    // True: woken. False: it is that late by now().
    bool wait_until(Nanoseconds deadline) {
        while (woken_.exchange(0, std::memory_order_acquire) == 0) {
            const Nanoseconds left = deadline - now();
            if (left <= 0) return false;
            const timespec time{left / 1'000'000'000, left % 1'000'000'000};
            syscall(SYS_futex, &woken_, FUTEX_WAIT_PRIVATE, 0, &time, nullptr, 0);
        }
        return true;
    }
    void wake() {
        if (woken_.exchange(1, std::memory_order_release) == 0)
            syscall(SYS_futex, &woken_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }

  private:
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t),
                  "the kernel reads it as a word");
    std::atomic<std::uint32_t> woken_{0};
};

}  // namespace baton::dispatch
