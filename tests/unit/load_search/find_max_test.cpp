#include "loadgen/search/find_max.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loadgen::search {
namespace {

struct Searched {
    std::optional<double> answer;
    std::vector<double> rates;
    int confirmations = 0;
};

// A target that keeps everything up to `most`, and in the longer trials up to `long_most`.
Searched search(Limits limits, double most, double long_most) {
    FindMax finder(limits);
    Searched seen;
    while (const auto trial = finder.next()) {
        seen.rates.push_back(trial->rate);
        if (trial->confirming) ++seen.confirmations;
        finder.tell(trial->rate <= (trial->confirming ? long_most : most));
        if (seen.rates.size() > 200) break;
    }
    seen.answer = finder.answer();
    return seen;
}

TEST(FindMax, ComesWithinItsPrecision) {
    for (const double most : {0.5, 3.0, 99.0, 100.0, 777.0, 12345.0, 900'000.0}) {
        const Searched seen = search({}, most, most);
        ASSERT_TRUE(seen.answer) << most;
        EXPECT_LE(*seen.answer, most);
        EXPECT_GE(*seen.answer * 1.05, most) << most;
        EXPECT_EQ(seen.confirmations, 1);
        EXPECT_LT(seen.rates.size(), 40U);
    }
}

TEST(FindMax, StopsAtTheMostItMayTry) {
    const Searched seen = search({.most = 5000}, 1e9, 1e9);
    EXPECT_EQ(seen.answer, 5000);
    for (const double rate : seen.rates) EXPECT_LE(rate, 5000);
}

TEST(FindMax, TriesNothingBelowTheLeast) {
    const Searched seen = search({.start = 1, .least = 50}, 10, 10);
    EXPECT_FALSE(seen.answer);
    for (const double rate : seen.rates) EXPECT_GE(rate, 50);
}

TEST(FindMax, ALuckyTrialIsNotTheAnswer) {
    const Searched seen = search({}, 1000, 930);
    ASSERT_TRUE(seen.answer);
    EXPECT_LE(*seen.answer, 930);
    EXPECT_GE(*seen.answer, 850);
    EXPECT_GT(seen.confirmations, 1);
}

TEST(FindMax, NothingIsKeptAtAnyRate) {
    const Searched seen = search({}, 0, 0);
    EXPECT_FALSE(seen.answer);
    EXPECT_GT(seen.rates.size(), 5U);
}

TEST(FindMax, NothingIsConfirmed) {
    const Searched seen = search({}, 1000, 0);
    EXPECT_FALSE(seen.answer);
    EXPECT_EQ(seen.confirmations, 5);
}

}  // namespace
}  // namespace loadgen::search
