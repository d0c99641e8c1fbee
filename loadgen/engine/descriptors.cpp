#include "loadgen/engine/descriptors.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <stdexcept>

namespace loadgen::engine {

namespace {

// Standard streams, the library's own, a scrape, a report.
constexpr std::size_t kForOthers = 24;
// An io_context's: epoll, its timer, its wake-up.
constexpr std::size_t kPerThread = 3;

}  // namespace

void need_descriptors(std::size_t connections, std::size_t threads) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const std::size_t needed = connections + kForOthers + kPerThread * threads;
    // No further than it takes: the servers that `compare` starts inherit it.
    if (needed <= limit.rlim_cur) return;
    if (needed <= limit.rlim_max) {
        limit.rlim_cur = needed;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
    }
    throw std::runtime_error(
        fmt::format("{} connections take about {} open files, and this process may have {}: fewer "
                    "--connections, or a higher limit (ulimit -n)",
                    connections, needed, limit.rlim_max));
}

}  // namespace loadgen::engine
