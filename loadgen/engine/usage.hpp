// What the calling thread has had of the CPU, and what it had to wait for it.
//
// Threads: any; of the calling one. Lifetime: values. Cannot: tell of time in which the process was stopped.
#pragma once

namespace loadgen::engine {

struct Usage {
    double cpu = 0;  // seconds on a CPU
    double waited =
        0;  // seconds in which it was ready to run and others had the CPU; 0 where Linux does not say
};

Usage thread_usage() noexcept;

}  // namespace loadgen::engine
