// An estimate of a quantile from a histogram, as PromQL's histogram_quantile() makes it.
//
// Threads: a pure function.
// Lifetime: nothing is kept.
// Cannot: be more exact than its buckets, or go beyond the last bound.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "server/metrics/histogram.hpp"

namespace baton::metrics {

// In seconds; nothing for an empty histogram.
template <std::size_t N>
std::optional<double> quantile(const HistogramCount<N>& count, const std::array<Nanoseconds, N>& bounds,
                               double q) {
    const std::uint64_t all = count.count();
    if (all == 0) return std::nullopt;
    const double rank = q * static_cast<double>(all);
    double below = 0.0;
    for (std::size_t i = 0; i < N; ++i) {
        const auto here = static_cast<double>(count.buckets[i]);
        if (here > 0.0 && below + here >= rank) {
            const double low = i == 0 ? 0.0 : static_cast<double>(bounds[i - 1]);
            const double high = static_cast<double>(bounds[i]);
            return (low + (high - low) * (rank - below) / here) / 1e9;
        }
        below += here;
    }
    return static_cast<double>(bounds[N - 1]) / 1e9;
}

}  // namespace baton::metrics
