#include "loadgen/plan/mix.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace loadgen::plan {
namespace {

std::vector<Endpoint> endpoints_of(const std::vector<double>& weights) {
    std::vector<Endpoint> endpoints(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) endpoints[i].weight = weights[i];
    return endpoints;
}

TEST(Mix, SharesAreTheWeights) {
    const Mix mix(endpoints_of({1, 2, 0, 7}), 1);
    std::vector<int> counts(4);
    for (std::uint64_t number = 0; number < 100'000; ++number) ++counts[mix.pick(number)];
    EXPECT_NEAR(counts[0], 10'000, 500);
    EXPECT_NEAR(counts[1], 20'000, 700);
    EXPECT_EQ(counts[2], 0);
    EXPECT_NEAR(counts[3], 70'000, 800);
}

// Parts of a schedule see every n-th number, and their shares have to be right too.
TEST(Mix, SharesAreTheWeightsInEachPart) {
    const Mix mix(endpoints_of({1, 1}), 1);
    for (std::uint64_t part = 0; part < 4; ++part) {
        int first = 0;
        for (std::uint64_t number = part; number < 40'000; number += 4)
            first += mix.pick(number) == 0 ? 1 : 0;
        EXPECT_NEAR(first, 5000, 300);
    }
}

TEST(Mix, IsDecidedBySeedAndNumber) {
    const auto endpoints = endpoints_of({1, 1, 1});
    const Mix one(endpoints, 1);
    const Mix same(endpoints, 1);
    const Mix other(endpoints, 2);
    int differ = 0;
    for (std::uint64_t number = 0; number < 1000; ++number) {
        EXPECT_EQ(one.pick(number), same.pick(number));
        differ += one.pick(number) == other.pick(number) ? 0 : 1;
    }
    EXPECT_GT(differ, 500);
}

TEST(Mix, ManyAtOnceAreSplitByTheWeights) {
    const Mix mix(endpoints_of({1, 2, 0, 7}), 1);
    EXPECT_EQ(mix.split(1'000'000'000),
              (std::vector<std::uint64_t>{100'000'000, 200'000'000, 0, 700'000'000}));
    for (const std::uint64_t count : {0ULL, 1ULL, 3ULL, 999'999'999ULL}) {
        const auto parts = mix.split(count);
        EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::uint64_t{0}), count);
    }
    EXPECT_EQ(Mix(endpoints_of({0.5}), 1).split(7), std::vector<std::uint64_t>{7});
}

TEST(Mix, OfOneIsThatOne) {
    const Mix mix(endpoints_of({0.5}), 1);
    EXPECT_EQ(mix.pick(0), 0U);
    EXPECT_EQ(mix.pick(~0ULL), 0U);
}

}  // namespace
}  // namespace loadgen::plan
