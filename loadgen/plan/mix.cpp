#include "loadgen/plan/mix.hpp"

#include <algorithm>
#include <cmath>

#include "loadgen/plan/random.hpp"

namespace loadgen::plan {

namespace {

constexpr std::uint64_t kMix = 0x6d69782020202020;

}  // namespace

Mix::Mix(const std::vector<Endpoint>& endpoints, std::uint64_t seed) : salt_(scrambled(seed ^ kMix)) {
    double total = 0;
    for (const Endpoint& endpoint : endpoints) total += endpoint.weight;
    double sum = 0;
    for (const Endpoint& endpoint : endpoints) {
        sum += endpoint.weight;
        below_.push_back(static_cast<std::uint64_t>(std::min(sum / total, 1.0) * 0x1p53));
    }
}

std::size_t Mix::pick(std::uint64_t number) const noexcept {
    if (below_.size() == 1) return 0;
    const std::uint64_t dice = scrambled(salt_ + (number + 1) * kGolden) >> 11;
    return static_cast<std::size_t>(std::upper_bound(below_.begin(), below_.end(), dice) - below_.begin());
}

std::vector<std::uint64_t> Mix::split(std::uint64_t count) const {
    std::vector<std::uint64_t> parts;
    std::uint64_t before = 0;
    for (const std::uint64_t below : below_) {
        const auto upto = static_cast<std::uint64_t>(
            std::round(static_cast<double>(count) * (static_cast<double>(below) * 0x1p-53)));
        parts.push_back(upto - before);
        before = upto;
    }
    return parts;
}

}  // namespace loadgen::plan
