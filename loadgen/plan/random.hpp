// Random numbers that are the same on every machine and with every standard library: splitmix64 (Steele, Lea
// and Flood, 2014). The distributions of <random> differ between libraries, and the agents of one run must
// agree on its schedule.
//
// Threads: one at a time. Lifetime: a value. Cannot: keep a secret.
#pragma once

#include <cmath>
#include <cstdint>

namespace loadgen::plan {

inline constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

// Every bit of the input changes half of the bits of the output.
constexpr std::uint64_t scrambled(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

class Random {
  public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept { return scrambled(state_ += kGolden); }
    // In [0, 1), all 53 bits of it.
    constexpr double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
    // Of mean 1.
    double exponential() noexcept { return -std::log1p(-unit()); }

  private:
    std::uint64_t state_;
};

}  // namespace loadgen::plan
