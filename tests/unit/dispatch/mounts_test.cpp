#include "server/dispatch/mounts.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "server/dispatch/work_queue.hpp"

namespace baton::dispatch {
namespace {

struct MountsTest : testing::Test {
    std::size_t number(const Mounts& mounts, std::string_view path) { return mounts.of(path).application; }

    WorkQueue threads{1};
    WorkQueue loop{1};
};

TEST_F(MountsTest, TheLongestPrefixWins) {
    const Mounts mounts({{"", 0, &threads, false}, {"/api", 1, &loop, true}, {"/api/v2", 2, &loop, true}});
    EXPECT_EQ(number(mounts, "/"), 0U);
    EXPECT_EQ(number(mounts, "/other"), 0U);
    EXPECT_EQ(number(mounts, "/api/v1/x"), 1U);
    EXPECT_EQ(number(mounts, "/api/v2/x"), 2U);
    EXPECT_TRUE(mounts.of("/api").by_loop);
    EXPECT_FALSE(mounts.of("/").by_loop);
}

TEST_F(MountsTest, APrefixEndsWhereAPartOfThePathEnds) {
    const Mounts mounts({{"/api", 1, &loop, true}, {"", 0, &threads, false}});
    EXPECT_EQ(number(mounts, "/api"), 1U);
    EXPECT_EQ(number(mounts, "/api/"), 1U);
    EXPECT_EQ(number(mounts, "/apis"), 0U);
    EXPECT_EQ(number(mounts, "/ap"), 0U);
    EXPECT_EQ(number(mounts, "/x/api"), 0U);
}

TEST_F(MountsTest, WhatHasNoPathBelongsToTheRoot) {
    const Mounts mounts({{"/api", 1, &loop, true}, {"", 0, &threads, false}});
    EXPECT_EQ(number(mounts, "*"), 0U);
    EXPECT_EQ(number(mounts, ""), 0U);
}

TEST_F(MountsTest, EachDispatcherOnce) {
    const Mounts mounts({{"", 0, &threads, false}, {"/a", 1, &loop, true}, {"/b", 2, &loop, true}});
    EXPECT_EQ(mounts.dispatchers().size(), 2U);
}

TEST_F(MountsTest, RefusesWhatIsAmbiguousOrHasNoRoot) {
    EXPECT_THROW(Mounts({}), std::invalid_argument);
    EXPECT_THROW(Mounts({{"/a", 0, &threads, false}}), std::invalid_argument);
    EXPECT_THROW(Mounts({{"", 0, &threads, false}, {"/a", 1, &threads, false}, {"/a", 2, &loop, true}}),
                 std::invalid_argument);
}

}  // namespace
}  // namespace baton::dispatch
