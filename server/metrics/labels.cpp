#include "server/metrics/labels.hpp"

#include <algorithm>

namespace baton::metrics {
namespace {

constexpr std::array<std::uint16_t, 64> kStatuses = {
    100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300,
    301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
    409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426,
    428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511};
static_assert(std::is_sorted(kStatuses.begin(), kStatuses.end()));

}  // namespace

std::uint8_t method_index(std::string_view method) {
    for (std::size_t i = 1; i < kMethods.size(); ++i) {
        if (kMethods[i] == method) return static_cast<std::uint8_t>(i);
    }
    return 0;
}

std::uint16_t known_status(int status) {
    const bool known = std::binary_search(kStatuses.begin(), kStatuses.end(), status);
    return known ? static_cast<std::uint16_t>(status) : std::uint16_t{0};
}

std::string status_label(std::uint16_t status) {
    return status == 0 ? "_OTHER" : std::to_string(status);
}

std::size_t status_class(std::uint16_t status) {
    return status / 100U;
}

}  // namespace baton::metrics
