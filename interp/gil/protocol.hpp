// What a thread's pthread calls mean for its books: the state machine behind interpose.cpp, described in
// protocol.cpp.
//
// Threads: each function acts for the calling thread.
// Lifetime: a Thread is constant-initialised with its thread and needs no destructor; its accounts go back
// when the thread ends. Cannot: do without memory for an account at a thread's first take; nothing else here
// allocates, or locks.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <ctime>
#include <limits>

#include "interp/gil/discovery.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/registry.hpp"
#include "interp/gil/tags.hpp"

namespace baton::gil {

// Who sleeps in the line of a GIL, on a futex of its own.
struct Sleeper : Runner {
    std::atomic<std::uint32_t> woken{0};
};

struct Thread {
    Account* account = nullptr;                     // on the GIL that the thread took last, or is taking
    Account* accounts = nullptr;                    // all of its accounts, one per GIL that it ever took
    Gil* inside = nullptr;                          // whose gil->mutex it has locked
    const pthread_mutex_t* unlock_watch = nullptr;  // the mutex whose unlocking matters next
    const pthread_mutex_t* switch_watch = nullptr;  // after a release: locking it begins the hand-over
    bool contended = false;                         // inside: had to wait for the holder
    bool released = false;                          // inside: let go
    bool guest = false;                             // inside: has slept in the line
    Sleeper* to_wake = nullptr;                     // inside: who is next
    LongHold long_hold;                             // inside: the hold that has ended, when it was a long one
    Sleeper runner;
    Tag tag = kOtherThreads;        // on whose behalf it acts
    Tag name = kOtherThreads;       // for which it acts when it has no request
    std::int64_t segment_from = 0;  // since when it has held the GIL on that behalf
    std::int64_t turned_at = 0;     // and for the request that it has now
    PendingBlame pending;
    Discovery discovery;
    ReleaseHook hook = nullptr;
    void* hook_argument = nullptr;
};

struct LongHolds {
    std::int64_t limit = std::numeric_limits<std::int64_t>::max();
    LongHoldHook hook = nullptr;
    void* argument = nullptr;
};
extern constinit LongHolds long_holds;

// Initial-exec: one instruction from the executable and from a preloaded library alike.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Thread this_thread_state;

namespace protocol {

// The slow paths of the interposed functions: they are called instead of, or around, the real one.
int lock(pthread_mutex_t* mutex) noexcept;
int unlock(pthread_mutex_t* mutex) noexcept;
void signalling(const pthread_cond_t* cond) noexcept;
int timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* until);
void named(pthread_t thread, const char* name) noexcept;

void gil_created(GilObjects& objects) noexcept;
void cond_destroyed(const pthread_cond_t* cond) noexcept;

// True when the caller is off the GIL, and so about to wait for a Python lock.
bool lock_wait_begins() noexcept;
void lock_wait_ends() noexcept;

}  // namespace protocol

}  // namespace baton::gil
