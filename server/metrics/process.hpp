// What the kernel says of this process.
//
// Threads: pure functions over /proc/self.
// Lifetime: nothing is kept.
// Cannot: fail: what cannot be read is zero, or empty.
#pragma once

#include <cstdint>
#include <string>

#include "server/dispatch/clock.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

struct ProcessSample {
    Nanoseconds cpu = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
    double start_time = 0.0;  // seconds since the epoch
};

ProcessSample sample_process();
Nanoseconds process_cpu();
// What a thread of this process is called in the kernel, in UTF-8. Empty: it has ended.
std::string thread_name(int thread_id);

}  // namespace baton::metrics
