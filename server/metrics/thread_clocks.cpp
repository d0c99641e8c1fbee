#include "server/metrics/thread_clocks.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace baton::metrics {
namespace {

Nanoseconds read(clockid_t clock) {
    timespec t{};
    if (clock_gettime(clock, &t) != 0) return 0;
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// This thread's clock as others can read it (CLOCK_THREAD_CPUTIME_ID means whoever reads).
clockid_t own_clock() {
    clockid_t clock{};
    if (pthread_getcpuclockid(pthread_self(), &clock) != 0) {
        std::fputs("baton: this thread has no CPU clock\n", stderr);
        std::abort();
    }
    return clock;
}

}  // namespace

void ThreadClocks::enter(Role role) {
    const std::lock_guard lock(mutex_);
    running_.push_back({own_clock(), role});
}

// A thread says its last time itself: once it has ended the kernel may give its number, and with it the
// clock, to another.
void ThreadClocks::leave() {
    const clockid_t clock = own_clock();
    const std::lock_guard lock(mutex_);
    const auto entry =
        std::find_if(running_.begin(), running_.end(), [&](const Entry& e) { return e.clock == clock; });
    if (entry == running_.end()) return;
    ended_[static_cast<std::size_t>(entry->role)] += read(clock);
    running_.erase(entry);
}

std::array<Nanoseconds, kRoleNames.size()> ThreadClocks::by_role() const {
    const std::lock_guard lock(mutex_);
    auto result = ended_;
    for (const Entry& entry : running_) result[static_cast<std::size_t>(entry.role)] += read(entry.clock);
    Nanoseconds known = 0;
    for (const Nanoseconds spent : result) known += spent;
    application_ = std::max(application_, read(CLOCK_PROCESS_CPUTIME_ID) - known);
    result[static_cast<std::size_t>(Role::application)] = application_;
    return result;
}

}  // namespace baton::metrics
