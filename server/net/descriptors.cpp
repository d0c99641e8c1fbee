#include "server/net/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace baton::net {

std::size_t connections_within(std::size_t wanted, std::size_t descriptors) {
    // Where there are few, the application gets half.
    const std::size_t reserved = std::min(kReservedDescriptors, descriptors / 2);
    return std::clamp<std::size_t>(descriptors - reserved, 1, std::max<std::size_t>(wanted, 1));
}

std::size_t provide_descriptors(std::size_t connections) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
    const rlim_t needed = connections + kReservedDescriptors;
    if (limit.rlim_cur < needed) {
        const rlimit raised{std::min<rlim_t>(needed, limit.rlim_max), limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur;
}

}  // namespace baton::net
