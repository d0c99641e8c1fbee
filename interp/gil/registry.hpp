// The GILs of this process, and the accounts on each.
//
// Threads: any. Look-ups take no lock; adding and retiring a GIL (an interpreter starts or ends) takes a spin
// lock. Lifetime: constant-initialised process-wide state, because the interposed functions are called before
// main and after it; nothing is ever freed. The entry of a GIL that was destroyed is used again for the next
// one that is made, and its sums go on. Cannot: be reached by reference from main like everything else:
// libpython calls without an argument of ours.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interp/gil/account.hpp"
#include "interp/gil/blame.hpp"
#include "interp/gil/schedule.hpp"

namespace baton::gil {

// The end of CPython's struct _gil_runtime_state, the same in 3.11 to 3.15.
struct GilObjects {
    pthread_cond_t cond;
    pthread_mutex_t mutex;
    pthread_cond_t switch_cond;
    pthread_mutex_t switch_mutex;

    static GilObjects* around(pthread_mutex_t* mutex) noexcept {
        return reinterpret_cast<GilObjects*>(reinterpret_cast<std::byte*>(mutex) -
                                             offsetof(GilObjects, mutex));
    }
};

// One GIL's entry.
class Gil {
  public:
    // Null when the GIL was destroyed.
    GilObjects* objects() const noexcept { return objects_.load(std::memory_order_acquire); }
    bool is_main() const noexcept { return entry_ == 0; }
    std::size_t entry() const noexcept { return entry_; }
    Gil* next() const noexcept { return next_; }

    // The calling thread's account, claimed or made if it has none.
    Account& open_account(Thread* owner);
    Account* accounts() const noexcept { return accounts_.load(std::memory_order_acquire); }

    // The sum over the accounts up to now. Two readers may look in any order while threads make entries; so
    // what has been said once is remembered, and no sum is ever less than an earlier one.
    Snapshot snapshot();

    void start_over() noexcept;  // in the child of a fork
    void begin_anew() noexcept;  // another GIL in the same entry

    Schedule schedule;  // guarded by gil->mutex
    BlameBook blame;    // guarded by the GIL itself

    // Threads that wait in Baton's own line, and whether the GIL is about to be destroyed under them.
    std::atomic<std::uint32_t> guests{0};
    std::atomic<bool> closing{false};

  private:
    friend class Registry;
    std::atomic<GilObjects*> objects_{nullptr};
    std::atomic<Account*> accounts_{nullptr};
    std::size_t entry_ = 0;
    Gil* next_ = nullptr;  // the newest entry is the first

    std::atomic<std::int64_t> said_held_{0};
    std::atomic<std::int64_t> said_waited_{0};
    std::atomic<std::int64_t> said_lock_waited_{0};
};

class Registry {
  public:
    // False for nearly every mutex that is no GIL's; never false for a GIL's mutex or switch_mutex.
    bool maybe(const pthread_mutex_t* mutex) const noexcept {
        const std::size_t bit = hash(mutex);
        return ((filter_[bit / 64].load(std::memory_order_relaxed) >> (bit % 64)) & 1) != 0;
    }
    Gil* find(const pthread_mutex_t* mutex) const noexcept;
    Gil* find(const pthread_cond_t* cond) const noexcept;
    Gil* first() const noexcept { return gils_.load(std::memory_order_acquire); }

    Gil& add(GilObjects& objects);
    void retire(Gil& gil) noexcept;
    void switch_off() noexcept;  // for good: no object is a GIL's any more
    bool is_off() const noexcept { return off_.load(std::memory_order_relaxed); }
    void start_over() noexcept;  // in the child of a fork

  private:
    // Mutexes are aligned to 8 bytes; Fibonacci hashing spreads the rest over 256 bits.
    static std::size_t hash(const void* address) noexcept {
        return (reinterpret_cast<std::uintptr_t>(address) >> 3) * 0x9E3779B97F4A7C15U >> 56;
    }
    Gil& vacant_entry(const GilObjects& objects);
    void rebuild_filter() noexcept;

    alignas(64) std::array<std::atomic<std::uint64_t>, 4> filter_{};
    std::atomic<Gil*> gils_{nullptr};
    std::atomic<bool> off_{false};
    std::atomic_flag changing_ = ATOMIC_FLAG_INIT;
};

extern constinit Registry registry;

}  // namespace baton::gil
