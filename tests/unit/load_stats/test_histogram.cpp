#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "loadgen/stats/histogram.hpp"

namespace loadgen::stats {
namespace {

using namespace std::chrono_literals;

std::vector<Nanoseconds> random_values(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    std::vector<Nanoseconds> out;
    for (std::size_t i = 0; i < count; ++i) {
        // From 64 ns to an hour, every magnitude as often as the others.
        const double exponent = static_cast<double>(random() >> 11) / 9007199254740992.0 * 35.7 + 6;
        out.emplace_back(static_cast<Nanoseconds::rep>(std::exp2(exponent)));
    }
    return out;
}

Histogram of(const std::vector<Nanoseconds>& values) {
    Histogram out;
    for (const Nanoseconds value : values) out.record(value);
    return out;
}

void expect_same(const Histogram& left, const Histogram& right) {
    EXPECT_EQ(left.cells().counts, right.cells().counts);
    EXPECT_EQ(left.count(), right.count());
    EXPECT_EQ(left.least(), right.least());
    EXPECT_EQ(left.most(), right.most());
    EXPECT_EQ(left.mean(), right.mean());
}

// The layout, computed the slow way that HdrHistogram describes: sub-buckets of 64 ns, twice as wide in each
// further bucket.
std::size_t slow_cell(std::int64_t value) {
    std::size_t bucket = 0;
    while ((value >> (6 + bucket)) >= 2048) ++bucket;
    return bucket * 1024 + static_cast<std::size_t>(value >> (6 + bucket));
}

TEST(Histogram, CellsAreThoseOfHdrHistogram) {
    EXPECT_EQ(Histogram::cell_of(0ns), 0U);
    EXPECT_EQ(Histogram::cell_of(63ns), 0U);
    EXPECT_EQ(Histogram::cell_of(64ns), 1U);
    EXPECT_EQ(Histogram::cell_of(131071ns), 2047U);
    EXPECT_EQ(Histogram::cell_of(131072ns), 2048U);
    EXPECT_EQ(Histogram::cell_of(131072ns + 127ns), 2048U);
    EXPECT_EQ(Histogram::cell_of(131072ns + 128ns), 2049U);
    EXPECT_EQ(Histogram::cell_of(262144ns), 3072U);
    for (const Nanoseconds value : random_values(1, 20000))
        ASSERT_EQ(Histogram::cell_of(value), slow_cell(value.count())) << value.count();
    EXPECT_EQ(Histogram::cell_of(Histogram::kHighest), slow_cell(3'600'000'000'000));
    EXPECT_LT(Histogram::cell_of(Histogram::kHighest), Histogram::kCells);
}

TEST(Histogram, CellsLieSideBySide) {
    for (std::size_t cell = 0; cell + 1 < Histogram::kCells; ++cell)
        ASSERT_EQ(Histogram::highest_of(cell) + 1ns, Histogram::lowest_of(cell + 1)) << cell;
    for (std::size_t cell = 0; cell <= Histogram::cell_of(Histogram::kHighest); ++cell)
        ASSERT_EQ(Histogram::cell_of(Histogram::lowest_of(cell)), cell);
}

TEST(Histogram, PercentilesAreWithinAThousandthOfTheExactOnes) {
    for (const std::uint64_t seed : {2, 3, 4}) {
        std::vector<Nanoseconds> values = random_values(seed, 10000 + seed);
        const Histogram histogram = of(values);
        std::sort(values.begin(), values.end());
        for (const double fraction : {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999}) {
            const double rank = std::ceil(fraction * static_cast<double>(values.size()));
            const auto exact = static_cast<double>(values[static_cast<std::size_t>(rank) - 1].count());
            const auto said = static_cast<double>(histogram.at(fraction).count());
            EXPECT_GE(said, exact) << fraction;
            EXPECT_LE(said, exact + std::max(64.0, exact * 0.001)) << fraction;
        }
        EXPECT_EQ(histogram.least(), values.front());
        EXPECT_EQ(histogram.most(), values.back());
        EXPECT_EQ(histogram.at(0), values.front());
        EXPECT_EQ(histogram.at(1), values.back());
        EXPECT_EQ(histogram.at(std::numeric_limits<double>::quiet_NaN()), values.front());
    }
}

TEST(Histogram, RanksAreNotShiftedByTheRoundingOfFractions) {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.record(i * 1us);
    for (int i = 1; i <= 100; ++i) {
        const Nanoseconds said = histogram.at(i / 100.0);
        EXPECT_GE(said, i * 1us);
        EXPECT_LT(said, i * 1us + 64ns);
    }
}

TEST(Histogram, MeanAndDeviation) {
    std::vector<Nanoseconds> values = random_values(5, 5000);
    for (Nanoseconds& value : values) value = 1ms + value % 10ms;
    double sum = 0;
    double squares = 0;
    for (const Nanoseconds value : values) sum += static_cast<double>(value.count());
    const double mean = sum / 5000;
    for (const Nanoseconds value : values)
        squares += (static_cast<double>(value.count()) - mean) * (static_cast<double>(value.count()) - mean);
    const Histogram histogram = of(values);
    EXPECT_NEAR(static_cast<double>(histogram.mean().count()), mean, 1);
    const double deviation = std::sqrt(squares / 5000);
    EXPECT_NEAR(static_cast<double>(histogram.deviation().count()), deviation, deviation * 0.002);
    EXPECT_EQ(of({1234567ns, 1234567ns}).deviation(), 0ns);
}

TEST(Histogram, AnEmptyOneHasNothingToSay) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.least(), 0ns);
    EXPECT_EQ(histogram.most(), 0ns);
    EXPECT_EQ(histogram.mean(), 0ns);
    EXPECT_EQ(histogram.deviation(), 0ns);
    EXPECT_EQ(histogram.at(0.5), 0ns);
    EXPECT_TRUE(histogram.cells().counts.empty());
}

TEST(Histogram, WhatIsOutOfRangeCountsAtItsEdges) {
    const Histogram histogram = of({-5ns, 0ns, 1h, 2h, Nanoseconds::max()});
    EXPECT_EQ(histogram.count(), 5U);
    EXPECT_EQ(histogram.least(), 0ns);
    EXPECT_EQ(histogram.most(), 1h);
    EXPECT_EQ(histogram.at(0.4), 63ns);
    EXPECT_EQ(histogram.at(0.9), 1h);
}

TEST(Histogram, MergingIsRecordingEverythingInOne) {
    const auto left = random_values(6, 3000);
    const auto right = random_values(7, 50);
    std::vector<Nanoseconds> both = left;
    both.insert(both.end(), right.begin(), right.end());
    Histogram merged = of(left);
    merged.add(of(right));
    expect_same(merged, of(both));
    EXPECT_EQ(merged.deviation(), of(both).deviation());
    merged.add(Histogram());
    expect_same(merged, of(both));
    Histogram from_nothing;
    from_nothing.add(merged);
    expect_same(from_nothing, merged);
    Histogram self = of(left);
    self.add(self);
    EXPECT_EQ(self.count(), 6000U);
    EXPECT_EQ(self.at(0.5), of(left).at(0.5));
}

TEST(Histogram, CellsThereAndBack) {
    const Histogram histogram = of(random_values(8, 4000));
    Histogram back;
    ASSERT_TRUE(back.add(histogram.cells()));
    expect_same(back, histogram);
    ASSERT_TRUE(back.add(Cells{}));
    expect_same(back, histogram);
    ASSERT_TRUE(back.add(of(random_values(9, 100)).cells()));
    Histogram both = histogram;
    both.add(of(random_values(9, 100)));
    expect_same(back, both);
}

TEST(Histogram, CellsAddUpAsHistogramsDo) {
    Cells cells;
    Histogram histogram;
    for (const std::uint64_t seed : {10, 11, 12}) {
        const Histogram more = of(random_values(seed, 700));
        cells.add(more.cells());
        histogram.add(more);
        cells.add(Cells{});
    }
    ASSERT_TRUE(Histogram::could_give(cells));
    Histogram back;
    ASSERT_TRUE(back.add(cells));
    expect_same(back, histogram);
}

TEST(Histogram, ResetForgetsAll) {
    Histogram histogram = of(random_values(13, 1000));
    histogram.reset();
    expect_same(histogram, Histogram());
    histogram.record(5ms);
    expect_same(histogram, of({5ms}));
}

TEST(Histogram, CellsThatNoHistogramGaveAreRefused) {
    const Cells good = of({1ms, 2ms, 2ms, 9ms}).cells();
    ASSERT_TRUE(Histogram::could_give(good));
    std::vector<std::pair<const char*, Cells>> hostile;
    const auto change = [&](const char* what, auto&& how) {
        Cells cells = good;
        how(cells);
        hostile.emplace_back(what, cells);
    };
    constexpr auto kCells = static_cast<std::uint32_t>(Histogram::kCells);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    change("a cell behind the last", [](Cells& cells) { cells.counts.back().first = kCells; });
    change("a cell far behind the last", [](Cells& cells) { cells.counts.back().first = 0xFFFFFFFF; });
    change("descending", [](Cells& cells) { std::swap(cells.counts[0], cells.counts[2]); });
    change("one twice", [](Cells& cells) { cells.counts[1].first = cells.counts[0].first; });
    change("an empty cell", [](Cells& cells) { cells.counts[1].second = 0; });
    change("another total", [](Cells& cells) { cells.total = 5; });
    change("a total without cells", [](Cells& cells) { cells.counts.clear(); });
    change("cells without a total", [](Cells& cells) { cells.total = 0; });
    change("a sum that overflows", [](Cells& cells) {
        cells.counts[0].second = ~std::uint64_t{0};
        cells.total = 2;
    });
    change("too many", [](Cells& cells) { cells.counts[0].second = cells.total = std::uint64_t{1} << 49; });
    change("a negative least", [](Cells& cells) { cells.least = -1ns; });
    change("a least of another cell", [](Cells& cells) { cells.least = 999us; });
    change("a most of another cell", [](Cells& cells) { cells.most = 1h; });
    change("a most beyond all", [](Cells& cells) { cells.most = Nanoseconds::max(); });
    change("a sum below", [](Cells& cells) { cells.sum = 0.0039; });
    change("a sum above", [](Cells& cells) { cells.sum = 0.0361; });
    change("a sum that is none", [=](Cells& cells) { cells.sum = nan; });
    change("an endless sum", [=](Cells& cells) { cells.sum = infinity; });
    hostile.emplace_back("nothing with a most", Cells{.counts = {}, .least = 0ns, .most = 1ns});
    for (const auto& [what, cells] : hostile) {
        Histogram histogram = of({7ms});
        EXPECT_FALSE(histogram.add(cells)) << what;
        expect_same(histogram, of({7ms}));
    }
}

TEST(Histogram, SoManyThatTheyOverflowAreRefused) {
    Cells many = of({1ms}).cells();
    many.counts[0].second = many.total = std::uint64_t{1} << 48;
    many.sum = 0.001 * static_cast<double>(many.total);
    Histogram histogram;
    ASSERT_TRUE(histogram.add(many));
    EXPECT_FALSE(histogram.add(many));
    EXPECT_EQ(histogram.count(), many.total);
    EXPECT_EQ(histogram.at(0.999), 1ms);
}

}  // namespace
}  // namespace loadgen::stats
