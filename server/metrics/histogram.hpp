// Histograms in nanoseconds: fixed bounds, one writer, readable from any thread at any time.
//
// Threads: observe() from the one writer; add_to() from any.
// Lifetime: plain values.
// Cannot: give a count and a sum of the very same instant; each is exact, one may be a request ahead.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "server/dispatch/clock.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

// 0.5 ms to 10 s, for whole requests.
inline constexpr std::array<Nanoseconds, 14> kRequestBounds = {
    500'000,     1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000,
    100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

// 10 us to 5 s with an edge at the switch interval, for phases and the GIL. The ledger's own bounds
// (interp/gil) are the same.
inline constexpr std::array<Nanoseconds, 17> kPhaseBounds = {
    10'000,      25'000,      50'000,      100'000,       250'000,      500'000,
    1'000'000,   2'500'000,   5'000'000,   10'000'000,    25'000'000,   50'000'000,
    100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 5'000'000'000};

// What one or several histograms have counted. The last bucket counts what is above the last bound.
template <std::size_t N>
struct HistogramCount {
    std::array<std::uint64_t, N + 1> buckets{};
    Nanoseconds sum = 0;

    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t bucket : buckets) all += bucket;
        return all;
    }
    HistogramCount& operator+=(const HistogramCount& other) {
        for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
        sum += other.sum;
        return *this;
    }
};

using RequestCount = HistogramCount<kRequestBounds.size()>;
using PhaseCount = HistogramCount<kPhaseBounds.size()>;

// Which bucket a value belongs to: the first whose bound is not below it.
template <const auto& Bounds>
std::size_t bucket_of(Nanoseconds value) {
    // Bounds grow by a factor of two or more, so each power of two has one at most: a table of where to
    // begin, and one or two comparisons.
    static constexpr auto kBegin = [] {
        std::array<std::uint8_t, 65> begin{};
        for (std::size_t width = 1; width < begin.size(); ++width) {
            const std::uint64_t least = 1ULL << (width - 1);
            while (begin[width] < Bounds.size() && static_cast<std::uint64_t>(Bounds[begin[width]]) < least) {
                ++begin[width];
            }
        }
        return begin;
    }();
    if (value <= 0) return 0;
    std::size_t i = kBegin[static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(value)))];
    while (i < Bounds.size() && value > Bounds[i]) ++i;
    return i;
}

// A counter with one writer: a load and a store, no locked instruction.
template <typename T>
void bump(std::atomic<T>& counter, T by = 1) {
    counter.store(static_cast<T>(counter.load(std::memory_order_relaxed) + by), std::memory_order_relaxed);
}

template <const auto& Bounds>
class Histogram {
  public:
    using Count = HistogramCount<Bounds.size()>;

    void observe(Nanoseconds value) {
        bump(buckets_[bucket_of<Bounds>(value)]);
        bump(sum_, value);
    }

    void add_to(Count& count) const {
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            count.buckets[i] += buckets_[i].load(std::memory_order_relaxed);
        }
        count.sum += sum_.load(std::memory_order_relaxed);
    }

  private:
    std::array<std::atomic<std::uint64_t>, Bounds.size() + 1> buckets_{};
    std::atomic<Nanoseconds> sum_{0};
};

using RequestHistogram = Histogram<kRequestBounds>;
using PhaseHistogram = Histogram<kPhaseBounds>;

}  // namespace baton::metrics
