#include "server/admin/rounds.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace baton::admin {
namespace {

using namespace std::chrono_literals;

class RoundsTest : public testing::Test {
  protected:
    std::vector<std::string> lines;
    Rounds rounds{[this](const std::string& line) { lines.push_back(line); }};
    Rounds::Time now{1h};
};

TEST_F(RoundsTest, WhatFailsIsReportedAndKeepsNobodyElseFromIt) {
    int first = 0;
    int last = 0;
    rounds.add("the first", [&] {
        if (++first == 1) throw std::runtime_error("no\nluck");
    });
    rounds.add("the second", [] { throw 5; });
    rounds.add("the last", [&] { ++last; });
    rounds.run(now);
    EXPECT_EQ(lines, (std::vector<std::string>{"admin: the first failed: no\\x0Aluck",
                                               "admin: the second failed: unknown"}));
    rounds.run(now + 1s);
    EXPECT_EQ(first, 2);
    EXPECT_EQ(last, 2);
    EXPECT_EQ(lines.size(), 2U);
}

TEST_F(RoundsTest, WhatFailsAllTheTimeIsReportedOnceAMinute) {
    rounds.add("it", [] { throw std::runtime_error("no"); });
    for (int second = 0; second < 120; ++second) rounds.run(now + second * 1s);
    EXPECT_EQ(lines, (std::vector<std::string>{"admin: it failed: no", "admin: it failed 60 times: no"}));
}

TEST_F(RoundsTest, AReportThatFailsIsNoHarm) {
    bool full = true;
    int reported = 0;
    Rounds unlucky([&](const std::string&) {
        if (full) throw std::bad_alloc();
        ++reported;
    });
    unlucky.add("it", [] { throw std::runtime_error("no"); });
    unlucky.run(now);
    full = false;
    unlucky.run(now + 1s);
    EXPECT_EQ(reported, 1);
}

TEST(RoundsWithoutReportTest, Go) {
    Rounds silent({});
    int done = 0;
    silent.add("it", [] { throw std::runtime_error("no"); });
    silent.add("other", [&] { ++done; });
    silent.run({});
    EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace baton::admin
