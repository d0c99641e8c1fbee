// The pthread functions behind our definitions: whatever would have been called without us (libc's, or a
// sanitizer's).
//
// Threads: any. Each is looked up at its first call, which may come before any constructor has run; two
// threads that look up at once find the same. Lifetime: the whole process; constant-initialised, never
// destroyed. Cannot: find functions that are not there; that ends the process with a message.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <ctime>

namespace baton::gil::real {

void* next_definition(const char* name);

template <typename Signature>
class Function;

template <typename... Arguments>
class Function<int(Arguments...)> {
  public:
    constexpr explicit Function(const char* name) : name_(name) {}

    // Not noexcept: the waits are cancellation points, and a cancelled thread is unwound through here.
    int operator()(Arguments... arguments) {
        Pointer function = function_.load(std::memory_order_relaxed);
        if (function == nullptr) [[unlikely]] {
            function = reinterpret_cast<Pointer>(next_definition(name_));
            function_.store(function, std::memory_order_relaxed);
        }
        return function(arguments...);
    }

  private:
    using Pointer = int (*)(Arguments...);
    const char* name_;
    std::atomic<Pointer> function_{nullptr};
};

inline constinit Function<int(pthread_mutex_t*, const pthread_mutexattr_t*)> mutex_init{"pthread_mutex_init"};
inline constinit Function<int(pthread_mutex_t*)> mutex_lock{"pthread_mutex_lock"};
inline constinit Function<int(pthread_mutex_t*)> mutex_trylock{"pthread_mutex_trylock"};
inline constinit Function<int(pthread_mutex_t*)> mutex_unlock{"pthread_mutex_unlock"};
inline constinit Function<int(pthread_cond_t*, const pthread_condattr_t*)> cond_init{"pthread_cond_init"};
inline constinit Function<int(pthread_cond_t*)> cond_destroy{"pthread_cond_destroy"};
inline constinit Function<int(pthread_cond_t*)> cond_signal{"pthread_cond_signal"};
inline constinit Function<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> cond_timedwait{
    "pthread_cond_timedwait"};
inline constinit Function<int(pthread_t, const char*)> setname{"pthread_setname_np"};
inline constinit Function<int(sem_t*)> sem_wait{"sem_wait"};
inline constinit Function<int(sem_t*, const timespec*)> sem_timedwait{"sem_timedwait"};
inline constinit Function<int(sem_t*, clockid_t, const timespec*)> sem_clockwait{"sem_clockwait"};

}  // namespace baton::gil::real
