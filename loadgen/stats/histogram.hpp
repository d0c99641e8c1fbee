// A log-linear (HDR) histogram of latencies: three significant digits from 100 ns to an hour, in the cells
// that HdrHistogram uses (1024 of equal width per doubling, 64 ns the finest), so its logs can be read by
// others.
//
// Threads: one at a time. Lifetime: a value; 216 KiB when it has been recorded to. Cannot: tell values within
// a cell apart (0.1 %, or 64 ns); values above an hour count as an hour, those below zero as zero.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "loadgen/clock.hpp"

namespace loadgen::stats {

// The occupied cells of a histogram in ascending order: what is kept per second, and what goes over the
// network.
struct Cells {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> counts;
    Nanoseconds least{};
    Nanoseconds most{};
    double sum = 0;  // seconds
    std::uint64_t total = 0;

    // Both have to be what some histogram could have given; Histogram::could_give() tells.
    void add(const Cells& other);
    // As Histogram::at() has it.
    Nanoseconds at(double fraction) const noexcept;
};

class Histogram {
  public:
    // Three significant digits take 2000 steps of one unit, rounded up to a power of two; 100 ns rounded down
    // to one is the unit. 26 doublings lead from there beyond an hour, the first of which has all 2048 cells.
    static constexpr int kUnitBits = 6;
    static constexpr int kHalfBits = 10;
    static constexpr std::size_t kHalf = std::size_t{1} << kHalfBits;
    static constexpr std::size_t kCells = (26 + 1) * kHalf;
    static constexpr Nanoseconds kFinest{100};
    static constexpr Nanoseconds kHighest = std::chrono::hours(1);
    static constexpr int kDigits = 3;

    void record(Nanoseconds value) noexcept {
        if (counts_.empty()) [[unlikely]] {
            counts_.resize(kCells);
        }
        value = std::clamp(value, Nanoseconds::zero(), kHighest);
        ++counts_[cell_of(value)];
        ++total_;
        sum_ += static_cast<double>(value.count());
        least_ = std::min(least_, value);
        most_ = std::max(most_, value);
    }
    void add(const Histogram& other);
    // What no histogram could have given is refused: false, and nothing is added.
    bool add(const Cells& cells);
    static bool could_give(const Cells& cells) noexcept;
    // Empty again, memory kept.
    void reset() noexcept;

    std::uint64_t count() const noexcept { return total_; }
    Nanoseconds least() const noexcept {
        return total_ == 0 ? Nanoseconds::zero() : least_;
    }  // exact; 0 when empty
    Nanoseconds most() const noexcept { return most_; }
    Nanoseconds mean() const noexcept;
    Nanoseconds deviation() const noexcept;
    // The value that `fraction` (0 to 1) of all are not above; 0 when empty. Never above most().
    Nanoseconds at(double fraction) const noexcept;
    Cells cells() const;

    static std::size_t cell_of(Nanoseconds value) noexcept {
        const auto units =
            static_cast<std::uint64_t>(std::clamp(value, Nanoseconds::zero(), kHighest).count());
        constexpr std::uint64_t kFirst = (std::uint64_t{2 * kHalf} << kUnitBits) - 1;  // one width up to here
        const int doubling = static_cast<int>(std::bit_width(units | kFirst)) - (kUnitBits + kHalfBits + 1);
        return (static_cast<std::size_t>(doubling) << kHalfBits) +
               static_cast<std::size_t>(units >> (doubling + kUnitBits));
    }
    static Nanoseconds lowest_of(std::size_t cell) noexcept;
    static Nanoseconds highest_of(std::size_t cell) noexcept;

  private:
    std::vector<std::uint64_t> counts_;  // kCells, or none before the first value
    std::uint64_t total_ = 0;
    double sum_ = 0;  // nanoseconds: whole numbers, so exact up to 104 days
    Nanoseconds least_ = Nanoseconds::max();
    Nanoseconds most_{};
};

}  // namespace loadgen::stats
