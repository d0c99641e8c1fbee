#include "loadgen/engine/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>

namespace loadgen::engine {

namespace {

// Its second number: nanoseconds on a run queue (Documentation/scheduler/sched-stats.rst).
double run_queue_wait() noexcept {
    std::array<char, 128> text{};
    const int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t size = read(file, text.data(), text.size());
    close(file);
    if (size <= 0) return 0;
    const char* const begin = text.data();
    const char* const end = begin + size;
    const char* const blank = std::find(begin, end, ' ');
    std::uint64_t nanoseconds = 0;
    if (blank != end) std::from_chars(blank + 1, end, nanoseconds);
    return static_cast<double>(nanoseconds) * 1e-9;
}

}  // namespace

Usage thread_usage() noexcept {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return {static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9, run_queue_wait()};
}

}  // namespace loadgen::engine
