// The functions that stand ahead of libc. Each forwards every call, returns what the real one returns and
// leaves errno as the real one left it; what it costs an object that is no GIL's is one comparison.
//
// Those that are cancellation points are not noexcept: a cancelled thread is unwound through them.
#include <pthread.h>
#include <semaphore.h>

#include "interp/gil/protocol.hpp"
#include "interp/gil/real.hpp"

using baton::gil::registry;
using baton::gil::this_thread_state;
namespace protocol = baton::gil::protocol;
namespace real = baton::gil::real;

namespace {

// The span of a wait for a semaphore. CPython's locks, events and joins are semaphores, waited for without
// the GIL.
class LockWait {
  public:
    LockWait() noexcept : counts_(protocol::lock_wait_begins()) {}
    ~LockWait() {
        if (counts_) protocol::lock_wait_ends();
    }
    LockWait(const LockWait&) = delete;
    LockWait& operator=(const LockWait&) = delete;

  private:
    const bool counts_;
};

}  // namespace

extern "C" {

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept {
    this_thread_state.discovery.mutex_initialised(mutex);
    return real::mutex_init(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t* cond, const pthread_condattr_t* attributes) noexcept {
    const int result = real::cond_init(cond, attributes);
    if (auto* objects = this_thread_state.discovery.cond_initialised(cond)) protocol::gil_created(*objects);
    return result;
}

int pthread_cond_destroy(pthread_cond_t* cond) noexcept {
    protocol::cond_destroyed(cond);
    return real::cond_destroy(cond);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    if (registry.maybe(mutex)) [[unlikely]]
        return protocol::lock(mutex);
    return real::mutex_lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    if (mutex == this_thread_state.unlock_watch) [[unlikely]]
        return protocol::unlock(mutex);
    return real::mutex_unlock(mutex);
}

int pthread_cond_signal(pthread_cond_t* cond) noexcept {
    if (this_thread_state.inside != nullptr) [[unlikely]]
        protocol::signalling(cond);
    return real::cond_signal(cond);
}

int pthread_cond_timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* until) {
    if (this_thread_state.inside == nullptr) [[likely]]
        return real::cond_timedwait(cond, mutex, until);
    return protocol::timedwait(cond, mutex, until);
}

int pthread_setname_np(pthread_t thread, const char* name) noexcept {
    protocol::named(thread, name);
    return real::setname(thread, name);
}

int sem_wait(sem_t* semaphore) {
    const LockWait wait;
    return real::sem_wait(semaphore);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
    const LockWait wait;
    return real::sem_timedwait(semaphore, until);
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
    const LockWait wait;
    return real::sem_clockwait(semaphore, clock, until);
}

}  // extern "C"
