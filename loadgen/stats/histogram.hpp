// A log-linear (HDR) histogram of latencies: three significant digits from 100 ns to an hour, in the cells
// that HdrHistogram uses (1024 of equal width per doubling, 64 ns the finest), so its logs can be read by
// others.
//
// Threads: one at a time. Lifetime: a value; 220 KiB when it has been recorded to. Cannot: tell values within
// a cell apart (0.1 %); values above an hour count as an hour.
#pragma once

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
};

class Histogram {
  public:
    void record(Nanoseconds value) noexcept;
    void add(const Histogram& other);
    // Indices beyond the last cell are refused: false, and nothing is added.
    bool add(const Cells& cells);
    // Empty again, memory kept.
    void reset() noexcept;

    std::uint64_t count() const noexcept { return total_; }
    Nanoseconds least() const noexcept { return least_; }  // exact; 0 when empty
    Nanoseconds most() const noexcept { return most_; }
    Nanoseconds mean() const noexcept;
    Nanoseconds deviation() const noexcept;
    // The value that `fraction` (0 to 1) of all are not above; 0 when empty. Never above most().
    Nanoseconds at(double fraction) const noexcept;
    Cells cells() const;

    static constexpr std::size_t kCells = 27 * 1024 + 1024;
    static std::size_t cell_of(Nanoseconds value) noexcept;
    static Nanoseconds lowest_of(std::size_t cell) noexcept;
    static Nanoseconds highest_of(std::size_t cell) noexcept;
};

}  // namespace loadgen::stats
