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

}  // namespace

Interval95 median_ratio(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
    std::vector<double> ratios = log_ratios(a, b);
    std::mt19937_64 random(seed);
    std::vector<double> medians;
    medians.reserve(kResamples);
    std::vector<double> sample(ratios.size());
    for (std::size_t resample = 0; resample < kResamples; ++resample) {
        for (double& value : sample) value = ratios[draw(random, ratios.size())];
        medians.push_back(median(sample));
    }
    std::sort(medians.begin(), medians.end());
    const std::size_t tail = kResamples / 40;
    return {std::exp(median(ratios)), std::exp(medians[tail]), std::exp(medians[kResamples - 1 - tail])};
}

}  // namespace loadgen::stats
