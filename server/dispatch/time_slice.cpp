#include "server/dispatch/time_slice.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace baton::dispatch {

namespace {

// struct sched_attr of the kernel (linux/sched/types.h clashes with libc's sched.h).
struct Attributes {
    std::uint32_t size = 0;
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  // ns; for ordinary threads the slice, since Linux 6.12
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};

constexpr std::uint64_t kShort = 100'000;  // the shortest that the kernel gives
// A thread that wakes interrupts one whose slice is longer at once (PREEMPT_SHORT), one with the same slice
// perhaps at the next tick.
constexpr std::uint64_t kLong = 50'000'000;
// SCHED_FLAG_RESET_ON_FORK: threads and processes of the application have slices of their own.
constexpr std::uint64_t kNotInherited = 1;
constexpr std::uint32_t kOrdinary = 0;  // SCHED_OTHER

void ask_for(std::uint64_t slice) noexcept {
    const int error = errno;
    Attributes attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0 &&
        attributes.policy == kOrdinary) {
        attributes.size = sizeof attributes;
        // Which would also take away a priority that was given on purpose.
        attributes.flags = attributes.nice < 0 ? 0 : kNotInherited;
        attributes.runtime = slice;
        syscall(SYS_sched_setattr, 0, &attributes, 0);
    }
    errno = error;
}

}  // namespace

void ask_for_short_slices() noexcept {
    ask_for(kShort);
}

void ask_for_long_slices() noexcept {
    ask_for(kLong);
}

}  // namespace baton::dispatch
