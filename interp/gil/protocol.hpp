// What a thread's pthread calls mean for its books: the state machine behind interpose.cpp, described in
// protocol.cpp.
//
// Threads: each function acts for the calling thread.
// Lifetime: a Thread is constant-initialised with its thread and needs no destructor; its accounts go back
// when the thread ends. Cannot: do without memory for an account at a thread's first take; nothing else here
// allocates, or locks.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "interp/gil/discovery.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/registry.hpp"

namespace baton::gil {

struct Thread {
    Account* account = nullptr;                     // on the GIL that the thread took last, or is taking
    Account* accounts = nullptr;                    // all of its accounts, one per GIL that it ever took
    Gil* inside = nullptr;                          // whose gil->mutex it has locked
    const pthread_mutex_t* unlock_watch = nullptr;  // the mutex whose unlocking matters next
    const pthread_mutex_t* switch_watch = nullptr;  // after a release: locking it begins the hand-over
    bool contended = false;                         // inside: had to wait for the holder
    bool released = false;                          // inside: let go
    std::uint64_t switches_seen = 0;                // inside: when the wait for the holder began
    Discovery discovery;
    ReleaseHook hook = nullptr;
    void* hook_argument = nullptr;
};

// Initial-exec: one instruction from the executable and from a preloaded library alike.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Thread this_thread_state;

namespace protocol {

// The slow paths of the interposed functions: they are called instead of, or around, the real one.
int lock(pthread_mutex_t* mutex) noexcept;
int unlock(pthread_mutex_t* mutex) noexcept;
void signalling(const pthread_cond_t* cond) noexcept;
void waiting(const pthread_cond_t* cond) noexcept;
void waited(const pthread_cond_t* cond, int result) noexcept;

void gil_created(GilObjects& objects) noexcept;
void cond_destroyed(const pthread_cond_t* cond) noexcept;

// True when the caller is off the GIL, and so about to wait for a Python lock.
bool lock_wait_begins() noexcept;
void lock_wait_ends() noexcept;

}  // namespace protocol

}  // namespace baton::gil
