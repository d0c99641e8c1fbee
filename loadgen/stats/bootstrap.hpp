// By how much B differs from A, when each has been measured once per round: the median over the rounds of
// ratios b/a, and an interval for it that holds the true one at least 95 times of 100.
//
// The method: one number per side and round (never per request: requests of a round depend on each other),
// the logarithm of each round's ratio (so that twice and half are equally far from 1), their median. Then
// 10000 times: as many rounds drawn from these with replacement, and the median of what was drawn: the
// bootstrap interval reaches from the 2.5th to the 97.5th percentile of those medians. Of few rounds it is
// too narrow (seven: 87.5 %), so it is widened to the interval of ranks where that is the wider one: from the
// k-th least to the k-th greatest ratio, for the largest k with which the binomial distribution gives 95 %.
// That supposes that rounds are independent, which interleaving them in random order is for, and nothing
// about their distribution.
//
// Threads: pure functions. Lifetime: values. Cannot: be 95 % with fewer than kFewestRounds rounds: the widest
// interval there is, from the least to the greatest ratio, holds the true median less often than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace loadgen::stats {

constexpr std::size_t kResamples = 10000;
constexpr std::size_t kFewestRounds = 6;  // 1 - 2 * 0.5^6 = 96.9 %; with five it is 93.8 %

struct Interval95 {
    double ratio = 1;  // above 1: B's numbers are the greater ones
    double low = 1;
    double high = 1;

    // The interval leaves 1 out.
    bool differs() const noexcept { return low > 1 || high < 1; }
};

// `a[i]` and `b[i]` are of round i. The same seed gives the same interval, with every standard library.
// Throws std::invalid_argument unless both have one length, not 0, and every number is above 0 and finite.
Interval95 median_ratio(std::span<const double> a, std::span<const double> b, std::uint64_t seed);

}  // namespace loadgen::stats
