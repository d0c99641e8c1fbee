#include "loadgen/result/interval.hpp"

#include <algorithm>

namespace loadgen::result {

namespace {

constexpr std::array<std::string_view, kFailures> kNames = {
    "none",      "refused", "tls",        "local",  "reset",      "incomplete",
    "malformed", "timeout", "unanswered", "unsent", "unexpected",
};

}  // namespace

std::string_view name_of(Failure failure) noexcept {
    const auto index = static_cast<std::size_t>(failure);
    return index < kNames.size() ? kNames[index] : kNames[0];
}

Failure failure_of(std::string_view name) noexcept {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return Failure::none;
    return static_cast<Failure>(found - kNames.begin());
}

}  // namespace loadgen::result
