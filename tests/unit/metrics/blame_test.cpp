#include "server/metrics/blame.hpp"

#include <gtest/gtest.h>

#include <map>

namespace baton::metrics {
namespace {

using Shown = std::map<std::pair<Party, Party>, Nanoseconds>;

Shown shown(const BlameSeries& series) {
    Shown all;
    for (const BlamePair& pair : series.pairs) all[{pair.waiting, pair.holding}] = pair.time;
    EXPECT_EQ(all.size(), series.pairs.size()) << "a pair is there twice";
    return all;
}

Nanoseconds sum(const BlameSeries& series) {
    Nanoseconds all = series.other;
    for (const BlamePair& pair : series.pairs) all += pair.time;
    return all;
}

// `count` pairs of the same time.
std::vector<BlamePair> crowd(std::size_t count, Nanoseconds time) {
    std::vector<BlamePair> pairs;
    for (std::size_t i = 0; i < count; ++i) pairs.push_back({static_cast<Party>(i), 1, time});
    return pairs;
}

TEST(Blame, FewPairsAreShownAsTheyAreTheMostTimeFirst) {
    BlameTable table;
    const BlameSeries series = table.show({{1, 2, 10}, {2, 1, 30}, {1, 2, 5}});
    ASSERT_EQ(series.pairs.size(), 2U);
    EXPECT_EQ(series.pairs[0].waiting, 2);
    EXPECT_EQ(series.pairs[0].time, 30);
    EXPECT_EQ(series.pairs[1].time, 15) << "a pair on two GILs is one";
    EXPECT_EQ(series.other, 0);
}

TEST(Blame, OfManyTheTopOnesAreShownAndTheRestIsASum) {
    BlameTable table;
    std::vector<BlamePair> pairs = crowd(10'000, 100);
    pairs.push_back({7, 9, 1'000'000});
    const BlameSeries series = table.show(pairs);
    EXPECT_EQ(series.pairs.size(), BlameTable::kAtOnce);
    EXPECT_EQ(series.pairs.front().holding, 9);
    EXPECT_EQ(sum(series), 2'000'000);
}

TEST(Blame, WhoComesLateAndWaitsMuchStartsAtZero) {
    BlameTable table;
    std::vector<BlamePair> pairs = crowd(300, 100);
    const BlameSeries before = table.show(pairs);
    pairs[299].time = 50'000;
    const BlameSeries meanwhile = table.show(pairs);
    EXPECT_EQ(shown(meanwhile).at({299, 1}), 0);
    EXPECT_GE(meanwhile.other, before.other);
    EXPECT_EQ(sum(meanwhile), 299 * 100 + 50'000);
    pairs[299].time += 7;
    const BlameSeries after = table.show(pairs);
    EXPECT_EQ(shown(after).at({299, 1}), 7);
    EXPECT_EQ(after.other, meanwhile.other);
}

TEST(Blame, NothingThatWasShownVanishesOrFalls) {
    BlameTable table;
    std::vector<BlamePair> pairs = crowd(2'000, 100);
    BlameSeries last = table.show(pairs);
    for (std::size_t round = 0; round < 500; ++round) {
        // Another pair is the largest every time, all others grow a little.
        pairs[(round * 7) % pairs.size()].time += 10'000 + static_cast<Nanoseconds>(round) * 500;
        for (BlamePair& pair : pairs) ++pair.time;
        BlameSeries now = table.show(pairs);
        ASSERT_LE(now.pairs.size(), BlameTable::kMost);
        ASSERT_GE(now.other, last.other);
        const Shown current = shown(now);
        for (const BlamePair& pair : last.pairs) {
            ASSERT_TRUE(current.contains({pair.waiting, pair.holding}));
            ASSERT_GE(current.at({pair.waiting, pair.holding}), pair.time);
        }
        last = std::move(now);
    }
    EXPECT_EQ(last.pairs.size(), BlameTable::kMost);
}

}  // namespace
}  // namespace baton::metrics
