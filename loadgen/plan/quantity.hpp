// Durations, sizes and rates as people write them, and as they are printed.
//
//   duration   10 (seconds), 10s, 500ms, 250us or 250µs, 40ns, 2m, 1h, 1.5s
//   size       4096, 64k, 1M, 10MiB: powers of 1024
//   rate       500, 500/s, 2k (2000), 1.5k/s: requests per second
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: take a sign, or a blank between number and
// unit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/clock.hpp"
#include "loadgen/plan/fault.hpp"

namespace loadgen::plan {

inline constexpr Nanoseconds kLongest = std::chrono::hours(24 * 7);
inline constexpr double kHighestRate = 10'000'000;

Parsed<Nanoseconds> parse_duration(std::string_view text, Nanoseconds least = Nanoseconds(1),
                                   Nanoseconds most = kLongest);
Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most);
Parsed<double> parse_rate(std::string_view text, double least = 0.001, double most = kHighestRate);

// Three significant digits: 512µs, 1.23ms, 10.0s; 1234s from 1000 s on, 0s for nothing.
std::string format_duration(Nanoseconds span);
// 0.5/s, 998.7/s, 12346/s.
std::string format_rate(double per_second);
// 512 B, 1.23 KiB, 64.0 MiB.
std::string format_bytes(double bytes);

// Exact, and in the form that the functions above read: 10s, 1500ms, 2m; 65536 -> 64k.
std::string duration_text(Nanoseconds span);
std::string size_text(std::uint64_t bytes);

}  // namespace loadgen::plan
