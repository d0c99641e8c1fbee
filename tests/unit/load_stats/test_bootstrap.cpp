#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "loadgen/stats/bootstrap.hpp"

namespace loadgen::stats {
namespace {

// Around 1, a tenth up or down.
std::vector<double> noisy(std::uint64_t seed, std::size_t rounds, double scale) {
    std::mt19937_64 random(seed);
    std::vector<double> out;
    for (std::size_t i = 0; i < rounds; ++i)
        out.push_back(scale * (0.9 + 0.2 * static_cast<double>(random() >> 11) / 9007199254740992.0));
    return out;
}

TEST(Bootstrap, IdenticalRoundsHaveNoWidth) {
    const std::vector<double> a = noisy(1, 10, 1000);
    const Interval95 same = median_ratio(a, a, 1);
    EXPECT_EQ(same.ratio, 1);
    EXPECT_EQ(same.low, 1);
    EXPECT_EQ(same.high, 1);
    EXPECT_FALSE(same.differs());
}

TEST(Bootstrap, AConstantRatioIsFoundWhateverTheRoundsAreLike) {
    const std::vector<double> a = noisy(2, 9, 1000);
    std::vector<double> b = a;
    for (double& number : b) number *= 2;
    const Interval95 twice = median_ratio(a, b, 1);
    EXPECT_NEAR(twice.ratio, 2, 1e-12);
    EXPECT_NEAR(twice.low, 2, 1e-12);
    EXPECT_NEAR(twice.high, 2, 1e-12);
    EXPECT_TRUE(twice.differs());
    EXPECT_NEAR(median_ratio(b, a, 1).ratio, 0.5, 1e-12);
}

TEST(Bootstrap, ShiftsBeyondTheNoiseAreDetected) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Interval95 up = median_ratio(noisy(seed, 12, 1), noisy(seed + 100, 12, 1.5), seed);
        EXPECT_GT(up.low, 1.0) << seed;
        EXPECT_LT(up.low, 1.5) << seed;
        EXPECT_GT(up.high, up.ratio) << seed;
        EXPECT_LT(up.low, up.ratio) << seed;
        EXPECT_TRUE(up.differs());
        EXPECT_TRUE(median_ratio(noisy(seed, 12, 1), noisy(seed + 100, 12, 0.6), seed).differs());
    }
}

TEST(Bootstrap, NoiseIsRarelyTakenForADifference) {
    int mistaken = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed)
        mistaken += median_ratio(noisy(seed, 11, 1), noisy(seed + 1000, 11, 1), seed).differs() ? 1 : 0;
    EXPECT_LE(mistaken, 12);  // 5 of 100 are to be expected; the seeds are fixed, so this is no lottery
}

TEST(Bootstrap, TheMedianIsOfTheRatiosOfRounds) {
    // Ratios 1, 4, 16, and then 64: the middle of the logarithms is the geometric mean of the middle two.
    EXPECT_NEAR(median_ratio(std::vector<double>{1, 1, 1}, std::vector<double>{16, 1, 4}, 1).ratio, 4, 1e-12);
    EXPECT_NEAR(median_ratio(std::vector<double>{1, 2, 1, 1}, std::vector<double>{16, 2, 4, 64}, 1).ratio, 8,
                1e-12);
}

TEST(Bootstrap, FewRoundsGiveTheWholeRange) {
    const Interval95 three = median_ratio(std::vector<double>{1, 1, 1}, std::vector<double>{16, 1, 4}, 1);
    EXPECT_NEAR(three.low, 1, 1e-12);
    EXPECT_NEAR(three.high, 16, 1e-9);
}

// Whether the interval of rounds whose ratios have the median 1 leaves it out, with the distribution given by
// its quantiles.
bool misses(std::mt19937_64& random, std::size_t rounds, double (*quantile)(double)) {
    std::vector<double> b;
    for (std::size_t i = 0; i < rounds; ++i)
        b.push_back(std::exp(quantile((static_cast<double>(random() >> 11) + 0.5) / 9007199254740992.0)));
    return median_ratio(std::vector<double>(rounds, 1.0), b, random()).differs();
}

// The seed is fixed: this is no lottery. Of 200 intervals 10 may miss, and a few more by chance; those of a
// bootstrap alone miss 25 with seven rounds.
TEST(Bootstrap, TheIntervalHoldsTheTrueMedianAsOftenAsItSays) {
    constexpr int kTrials = 200;
    const auto even = [](double share) { return share - 0.5; };
    const auto skewed = [](double share) { return -std::log(share) - std::log(2.0); };
    for (std::size_t rounds = kFewestRounds; rounds <= 12; ++rounds) {
        std::mt19937_64 random(rounds);
        int even_missed = 0;
        int skewed_missed = 0;
        for (int trial = 0; trial < kTrials / 2; ++trial) {
            even_missed += misses(random, rounds, even) ? 1 : 0;
            skewed_missed += misses(random, rounds, skewed) ? 1 : 0;
        }
        EXPECT_LE(even_missed + skewed_missed, 14) << rounds << " rounds";
    }
}

TEST(Bootstrap, SevenRoundsReachFromTheLeastToTheGreatest) {
    const std::vector<double> ones(7, 1.0);
    const Interval95 seven = median_ratio(ones, std::vector<double>{0.9, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6}, 1);
    EXPECT_NEAR(seven.low, 0.9, 1e-12);
    EXPECT_NEAR(seven.high, 1.6, 1e-12);
    EXPECT_FALSE(seven.differs());
}

TEST(Bootstrap, TheSeedDecides) {
    const std::vector<double> a = noisy(3, 10, 1);
    const std::vector<double> b = noisy(4, 10, 1);
    const Interval95 once = median_ratio(a, b, 7);
    const Interval95 again = median_ratio(a, b, 7);
    EXPECT_EQ(once.low, again.low);
    EXPECT_EQ(once.high, again.high);
    EXPECT_EQ(once.ratio, median_ratio(a, b, 8).ratio);
}

TEST(Bootstrap, WhatIsNoRatioIsRefused) {
    using Numbers = std::vector<double>;
    EXPECT_THROW(median_ratio(Numbers{}, Numbers{}, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(Numbers{1, 2}, Numbers{1}, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(Numbers{0}, Numbers{1}, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(Numbers{1}, Numbers{-1}, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(Numbers{1}, Numbers{std::nan("")}, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(Numbers{std::numeric_limits<double>::infinity()}, Numbers{1}, 1),
                 std::invalid_argument);
}

}  // namespace
}  // namespace loadgen::stats
