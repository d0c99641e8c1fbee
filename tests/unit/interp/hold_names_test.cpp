#include "interp/hold_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace baton::interp {
namespace {

using namespace std::chrono_literals;

constexpr HoldNames::Nanoseconds kSecond = 1'000'000'000;

std::string where(HoldNames& names, const std::string& by, HoldNames::Nanoseconds now) {
    const std::vector<NamedHold> all = names.all(now);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const NamedHold& one) { return one.by == by; });
    return found == all.end() ? "" : found->where;
}

TEST(HoldNames, TheWorstIsKeptAndShorterOnesDoNotTakeItsPlace) {
    HoldNames names;
    names.add({"/hash", "culprit.py:1", 60ms}, kSecond);
    names.add({"/hash", "innocent.py:2", 11ms}, 2 * kSecond);
    names.add({"/other", "other.py:3", 30ms}, 2 * kSecond);
    EXPECT_EQ(where(names, "/hash", 3 * kSecond), "culprit.py:1");
    EXPECT_EQ(where(names, "/other", 3 * kSecond), "other.py:3");
    names.add({"/hash", "worse.py:4", 61ms}, 3 * kSecond);
    EXPECT_EQ(where(names, "/hash", 3 * kSecond), "worse.py:4");
}

TEST(HoldNames, ItIsForgottenWithinAMinute) {
    HoldNames names;
    names.add({"/hash", "long_ago.py:1", 60ms}, 29 * kSecond);
    EXPECT_EQ(where(names, "/hash", 59 * kSecond), "long_ago.py:1");
    EXPECT_EQ(where(names, "/hash", 60 * kSecond), "");
    names.add({"/hash", "now.py:2", 11ms}, 300 * kSecond);
    EXPECT_EQ(where(names, "/hash", 300 * kSecond), "now.py:2");
}

TEST(HoldNames, AMinuteIsLookedBackAcrossItsHalves) {
    HoldNames names;
    names.add({"/hash", "culprit.py:1", 60ms}, 29 * kSecond);
    names.add({"/hash", "innocent.py:2", 11ms}, 31 * kSecond);
    EXPECT_EQ(where(names, "/hash", 59 * kSecond), "culprit.py:1");
    EXPECT_EQ(names.all(59 * kSecond).size(), 1U);
    EXPECT_EQ(where(names, "/hash", 61 * kSecond), "innocent.py:2");
}

TEST(HoldNames, OnlyWhatWouldBeKeptIsWanted) {
    HoldNames names;
    EXPECT_TRUE(names.wants("/hash", 11ms, kSecond));
    names.add({"/hash", "a.py:1", 11ms}, kSecond);
    EXPECT_FALSE(names.wants("/hash", 11ms, kSecond));
    EXPECT_TRUE(names.wants("/hash", 12ms, kSecond));
    EXPECT_TRUE(names.wants("/hash", 11ms, 31 * kSecond)) << "the next half minute begins anew";
}

TEST(HoldNames, MoreNamesThanThereIsRoomForAreLeftOut) {
    HoldNames names;
    for (std::size_t i = 0; i < HoldNames::kMost; ++i)
        names.add({"/" + std::to_string(i), "a.py:1", 11ms}, kSecond);
    EXPECT_FALSE(names.wants("/one/more", 1s, kSecond));
    names.add({"/one/more", "a.py:1", 1s}, kSecond);
    EXPECT_EQ(names.all(kSecond).size(), HoldNames::kMost);
    EXPECT_TRUE(names.wants("/0", 12ms, kSecond));
    EXPECT_TRUE(names.wants("/one/more", 11ms, 31 * kSecond));
}

}  // namespace
}  // namespace baton::interp
