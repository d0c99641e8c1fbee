#include "loadgen/stats/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

namespace loadgen::stats {

namespace {

std::vector<double> log_ratios(std::span<const double> a, std::span<const double> b) {
    if (a.empty() || a.size() != b.size())
        throw std::invalid_argument("a ratio by rounds takes as many numbers of one side as of the other");
    std::vector<double> out;
    out.reserve(a.size());
    for (std::size_t round = 0; round < a.size(); ++round) {
        for (const double number : {a[round], b[round]}) {
            if (!std::isfinite(number) || number <= 0)
                throw std::invalid_argument("a ratio takes numbers above 0");
        }
        out.push_back(std::log(b[round]) - std::log(a[round]));
    }
    return out;
}

// Reorders.
double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// std::uniform_int_distribution draws otherwise in every library; the bias of this is below 2^-32 * size.
std::size_t draw(std::mt19937_64& random, std::size_t size) {
    return static_cast<std::size_t>(((random() >> 32) * std::uint64_t{size}) >> 32);
}

// How many of the least, and as many of the greatest, of `count` numbers may be left out, so that what
// remains still holds the median of their distribution 95 times of 100. It lies below all but k of them as
// often as a fair coin shows at most k heads.
std::size_t left_out(std::size_t count) {
    double chance = std::exp2(-static_cast<double>(count));  // of exactly `out` heads
    double both_tails = 2 * chance;
    std::size_t out = 0;
    while (out < count / 2 && both_tails <= 0.05) {
        chance *= static_cast<double>(count - out) / static_cast<double>(out + 1);
        both_tails += 2 * chance;
        ++out;
    }
    return out == 0 ? 0 : out - 1;
}

struct Range {
    double low;
    double high;
};

Range of_ranks(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t out = left_out(values.size());
    return {values[out], values[values.size() - 1 - out]};
}

Range of_resamples(const std::vector<double>& values, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<double> medians;
    medians.reserve(kResamples);
    std::vector<double> sample(values.size());
    for (std::size_t resample = 0; resample < kResamples; ++resample) {
        for (double& value : sample) value = values[draw(random, values.size())];
        medians.push_back(median(sample));
    }
    std::sort(medians.begin(), medians.end());
    constexpr std::size_t kTail = kResamples / 40;
    return {medians[kTail], medians[kResamples - 1 - kTail]};
}

}  // namespace

Interval95 median_ratio(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
    std::vector<double> ratios = log_ratios(a, b);
    const Range drawn = of_resamples(ratios, seed);
    const Range ranked = of_ranks(ratios);
    return {std::exp(median(ratios)), std::exp(std::min(drawn.low, ranked.low)),
            std::exp(std::max(drawn.high, ranked.high))};
}

}  // namespace loadgen::stats
