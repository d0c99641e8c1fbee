// File descriptors: each connection takes one, and the system gives a process only so many.
//
// Threads: any. Lifetime: the raised limit is the process's. Cannot: go above the system's hard limit.
#pragma once

#include <cstddef>

namespace loadgen::engine {

// Raises this process's limit as far as it takes; std::runtime_error when so many connections don't fit in.
// Else they would fail while measuring, and look like the target's refusals.
void need_descriptors(std::size_t connections, std::size_t threads);

}  // namespace loadgen::engine
