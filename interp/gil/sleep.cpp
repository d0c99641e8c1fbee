#include "interp/gil/sleep.hpp"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "interp/gil/clock.hpp"
#include "interp/gil/protocol.hpp"
#include "interp/gil/real.hpp"

namespace baton::gil {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) noexcept {
    return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

// CPython waits by CLOCK_MONOTONIC where it can and else by CLOCK_REALTIME. A deadline that seems far off is
// by the clock to which it is nearer, decades being between the two.
std::int64_t on_our_clock(const timespec& until, std::int64_t time) noexcept {
    const std::int64_t end = nanoseconds(until);
    if (end - time < 3600 * kSecond) return end;
    timespec clock{};
    clock_gettime(CLOCK_REALTIME, &clock);
    const std::int64_t realtime = nanoseconds(clock);
    return end - time < (realtime - time) / 2 ? end : time + end - realtime;
}

// Until woken, until then, or until a signal: all three are followed by a look.
void futex_wait(std::atomic<std::uint32_t>& word, std::int64_t until) noexcept {
    const timespec end{until / kSecond, until % kSecond};
    // FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time.
    syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &end, nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

// The mutex is given back in any case, as POSIX has it, also when the time is over already: the holder needs
// it to let go.
int sleep_in_line(Thread& me, Gil& gil, pthread_mutex_t& mutex, std::int64_t time, const timespec& until) {
    if (!me.guest) gil.guests.fetch_add(1, std::memory_order_relaxed);
    me.guest = true;
    const int error = errno;
    const std::int64_t end = on_our_clock(until, time);
    me.runner.woken.store(0, std::memory_order_relaxed);
    std::int64_t look_again = gil.schedule.join(me.runner, time, end);
    if (gil.closing.load(std::memory_order_relaxed)) look_again = time;
    real::mutex_unlock(&mutex);
    futex_wait(me.runner.woken, look_again);
    real::mutex_lock(&mutex);
    errno = error;
    const bool asks = gil.schedule.leave(me.runner, now(), end);
    return asks || gil.closing.load(std::memory_order_relaxed) ? ETIMEDOUT : 0;
}

// The sleeper may have been quicker, have taken the GIL, and its thread have ended: then nobody waits at this
// address, or somebody else does, who must bear being woken for nothing, as every user of a futex must.
void wake(Sleeper& sleeper) noexcept {
    const int error = errno;
    syscall(SYS_futex, &sleeper.woken, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
    errno = error;
}

void wake_misled(Gil& gil, std::int64_t time) noexcept {
    GilObjects* const objects = gil.objects();
    if (objects == nullptr) return;
    // Held for an instant by whoever has it, and CPython takes it with the GIL as well (drop_gil()).
    real::mutex_lock(&objects->mutex);
    auto* const sleeper = static_cast<Sleeper*>(gil.schedule.misled(time));
    if (sleeper != nullptr) sleeper->woken.store(1, std::memory_order_relaxed);
    real::mutex_unlock(&objects->mutex);
    if (sleeper != nullptr) wake(*sleeper);
}

// glibc's pthread_cond_destroy() waits for those who wait; they are CPython's daemon threads, which end, or
// hang, when their wait times out during finalisation. Without this they would find the mutex destroyed.
void send_away(Gil& gil) noexcept {
    GilObjects* objects = gil.objects();
    if (objects == nullptr) return;
    real::mutex_lock(&objects->mutex);
    gil.closing.store(true, std::memory_order_relaxed);
    while (Runner* runner = gil.schedule.dismiss()) {
        auto& sleeper = static_cast<Sleeper&>(*runner);
        sleeper.woken.store(1, std::memory_order_relaxed);
        wake(sleeper);
    }
    real::mutex_unlock(&objects->mutex);
    const std::int64_t deadline = now() + kSecond;
    while (gil.guests.load(std::memory_order_acquire) > 0 && now() < deadline) sched_yield();
}

}  // namespace baton::gil
