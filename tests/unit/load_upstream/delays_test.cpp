// Where delays lie.
#include "loadgen/upstream/delays.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace loadgen::upstream {
namespace {

using namespace std::chrono_literals;

constexpr int kDraws = 20000;

std::vector<double> drawn(Distribution distribution, const Answer& answer) {
    Delays delays(distribution, 7);
    std::vector<double> all;
    for (int i = 0; i < kDraws; ++i) all.push_back(seconds_of(delays.draw(answer)));
    return all;
}

double mean(const std::vector<double>& all) {
    double sum = 0;
    for (const double each : all) sum += each;
    return sum / static_cast<double>(all.size());
}

TEST(Delays, WithoutJitterAreAllTheSame) {
    Delays uniform(Distribution::uniform, 1);
    Delays normal(Distribution::normal, 1);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(uniform.draw({20ms, 0ms, 0, false}), 20ms);
        EXPECT_EQ(normal.draw({20ms, 0ms, 0, false}), 20ms);
    }
}

TEST(Delays, UniformOnesFillTheRangeEvenly) {
    const std::vector<double> all = drawn(Distribution::uniform, {20ms, 5ms, 0, false});
    const auto [least, most] = std::minmax_element(all.begin(), all.end());
    EXPECT_GE(*least, 0.015 - 1e-9);
    EXPECT_LT(*least, 0.0151);
    EXPECT_LE(*most, 0.025 + 1e-9);
    EXPECT_GT(*most, 0.0249);
    EXPECT_NEAR(mean(all), 0.02, 0.0002);
}

TEST(Delays, NormalOnesGoBeyondTheirDeviation) {
    const std::vector<double> all = drawn(Distribution::normal, {20ms, 2ms, 0, false});
    EXPECT_NEAR(mean(all), 0.02, 0.0002);
    const auto outside =
        std::count_if(all.begin(), all.end(), [](double each) { return std::abs(each - 0.02) > 0.002; });
    EXPECT_NEAR(static_cast<double>(outside) / kDraws, 0.317, 0.02);
}

TEST(Delays, ExponentialOnesHaveTheirMean) {
    const std::vector<double> all = drawn(Distribution::exponential, {20ms, 0ms, 0, false});
    EXPECT_NEAR(mean(all), 0.02, 0.001);
    EXPECT_GT(*std::max_element(all.begin(), all.end()), 0.1);
    EXPECT_EQ(drawn(Distribution::exponential, {0ms, 0ms, 0, false}).front(), 0);
}

TEST(Delays, StayWithinBounds) {
    const std::vector<double> low = drawn(Distribution::uniform, {1ms, 10ms, 0, false});
    EXPECT_EQ(*std::min_element(low.begin(), low.end()), 0);
    const std::vector<double> high = drawn(Distribution::uniform, {kLongestDelay, 10s, 0, false});
    EXPECT_LE(*std::max_element(high.begin(), high.end()), seconds_of(kLongestDelay));
}

}  // namespace
}  // namespace loadgen::upstream
