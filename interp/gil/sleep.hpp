// Sleeping in the line of a GIL, and waking: the futexes behind schedule.hpp.
//
// Threads: sleep_in_line() inside gil->mutex, which it gives back while it sleeps; wake() outside all locks.
// Lifetime: a sleeper may have ended when it is woken, which is harmless: see wake().
// Cannot: be cancelled (pthread_cancel), as the wait that it stands for could be.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <ctime>

namespace baton::gil {

struct Thread;
struct Sleeper;
class Gil;

// Stands for pthread_cond_timedwait(): 0, or ETIMEDOUT when the holder is to be asked to let go.
int sleep_in_line(Thread& me, Gil& gil, pthread_mutex_t& mutex, std::int64_t time, const timespec& until);
void wake(Sleeper& sleeper) noexcept;
// For the holder, outside gil->mutex: its hold will be a long one.
void wake_misled(Gil& gil, std::int64_t time) noexcept;

// The GIL is about to be destroyed: whoever sleeps in its line is told that its time is over, and has left
// when this returns (a second is waited for that, no longer).
void send_away(Gil& gil) noexcept;

}  // namespace baton::gil
