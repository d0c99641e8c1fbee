// File descriptors: enough for the connections that are allowed, and some left for the application.
//
// Threads: main, before the server starts.
#pragma once

#include <cstddef>

namespace baton::net {

// What the application, its libraries and the logs may need at the same time.
inline constexpr std::size_t kReservedDescriptors = 512;

// How many of the `wanted` connections `descriptors` allow for, at least one.
std::size_t connections_within(std::size_t wanted, std::size_t descriptors);

// Raises the process's soft limit as far as `connections` need it and the hard limit allows; says how many
// descriptors there may be now.
std::size_t provide_descriptors(std::size_t connections);

}  // namespace baton::net
