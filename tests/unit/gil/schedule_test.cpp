// The scheduler's decisions on a clock that the test turns.
#include "interp/gil/schedule.hpp"

#include <gtest/gtest.h>

#include <array>

namespace baton::gil {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kInterval = 5 * kMillisecond;
constexpr std::int64_t kStart = 1'000 * kMillisecond;

class ScheduleTest : public testing::Test {
  protected:
    ScheduleTest() {
        for (Runner* r : {&short_one, &other_short_one, &long_one, &other_long_one}) r->in_request = true;
        long_one.used = other_long_one.used = 20 * kMillisecond;
    }
    // Returns after how long it looks again.
    std::int64_t join(Runner& r) { return schedule.join(r, now, now + kInterval) - now; }
    bool leave(Runner& r, std::int64_t joined_at) { return schedule.leave(r, now, joined_at + kInterval); }
    void take(Runner& r) { schedule.taken(r, now); }

    Schedule schedule;
    std::int64_t now = kStart;
    Runner short_one, other_short_one, long_one, other_long_one;
};

TEST_F(ScheduleTest, AShortOneAsksALongOneSoon) {
    take(long_one);
    now += 2 * kMillisecond;
    EXPECT_EQ(join(short_one), Schedule::kGrace);
    const std::int64_t joined = now;
    now += Schedule::kGrace;
    EXPECT_TRUE(leave(short_one, joined));
    EXPECT_TRUE(schedule.requested());
}

TEST_F(ScheduleTest, EqualsAskWhenTheTurnIsOver) {
    take(long_one);
    now += 2 * kMillisecond;
    EXPECT_EQ(join(other_long_one), 3 * kMillisecond);
}

TEST_F(ScheduleTest, AWorseLevelAsksWhenTheTurnIsOver) {
    take(short_one);
    EXPECT_EQ(join(long_one), kInterval);
}

TEST_F(ScheduleTest, AShortOneThatTurnsOutLongIsAskedThen) {
    take(short_one);
    EXPECT_EQ(join(other_short_one), kShortEnds + Schedule::kGrace);
}

TEST_F(ScheduleTest, OneAsksForAll) {
    take(long_one);
    EXPECT_EQ(join(short_one), Schedule::kGrace);
    EXPECT_GT(join(other_short_one), 2 * kMillisecond);
    Runner third_long_one;
    third_long_one.in_request = true;
    third_long_one.used = 20 * kMillisecond;
    EXPECT_EQ(join(third_long_one), kInterval);
}

TEST_F(ScheduleTest, WhoCountedOnAShortHoldIsToldThatItIsNone) {
    take(short_one);
    EXPECT_GT(join(other_short_one), kMillisecond);
    EXPECT_EQ(schedule.misled(now), nullptr);
    schedule.holder_begins_request(now - 20 * kMillisecond);
    EXPECT_EQ(schedule.misled(now), &other_short_one);
    EXPECT_FALSE(leave(other_short_one, now));
    EXPECT_EQ(join(other_short_one), Schedule::kGrace);
    EXPECT_EQ(schedule.misled(now), nullptr) << "it looks again soon enough";
}

TEST_F(ScheduleTest, ABetterOneDoesNotWaitForAWorseOneThatIsOnItsWay) {
    take(short_one);
    join(long_one);
    schedule.released(short_one, now);
    ASSERT_EQ(schedule.choose(now), &long_one);
    take(short_one);
    join(other_short_one);
    schedule.released(short_one, now);
    EXPECT_EQ(schedule.choose(now), &other_short_one);
}

TEST_F(ScheduleTest, NobodyAsksTwice) {
    take(long_one);
    const std::int64_t joined = now;
    join(short_one);
    now += Schedule::kGrace;
    ASSERT_TRUE(leave(short_one, joined));
    EXPECT_EQ(join(short_one), kInterval) << "again only after CPython's own time";
    now += kInterval;
    EXPECT_TRUE(leave(short_one, now - kInterval)) << "in case the first time was withdrawn";
}

TEST_F(ScheduleTest, ATimerThatExpiresLateDoesNotAskANewHolder) {
    take(long_one);
    const std::int64_t joined = now;
    join(short_one);
    now += Schedule::kGrace;
    schedule.released(long_one, now);
    take(other_long_one);
    EXPECT_FALSE(leave(short_one, joined)) << "it has only just begun";
}

TEST_F(ScheduleTest, AfterAReleaseTheBestIsChosenAndOnlyOne) {
    take(long_one);
    join(other_long_one);
    join(short_one);
    join(other_short_one);
    now += kMillisecond;
    schedule.released(long_one, now);
    EXPECT_EQ(schedule.choose(now), &short_one);
    EXPECT_EQ(schedule.choose(now), nullptr) << "one is on the way";
    EXPECT_FALSE(leave(short_one, kStart));
    take(short_one);
    schedule.released(short_one, now);
    EXPECT_EQ(schedule.choose(now), &other_short_one);
}

TEST_F(ScheduleTest, WhoDoesNotComeIsNotWaitedForLong) {
    take(long_one);
    join(short_one);
    join(other_short_one);
    schedule.released(long_one, now);
    ASSERT_EQ(schedule.choose(now), &short_one);
    take(long_one);
    now += Schedule::kComing;
    schedule.released(long_one, now);
    EXPECT_EQ(schedule.choose(now), &other_short_one);
}

TEST_F(ScheduleTest, ATurnThatIsCutShortGoesOnBeforeOthersOfItsLevel) {
    take(long_one);
    now += kMillisecond;
    join(other_long_one);
    std::int64_t joined = now;
    join(short_one);
    now += Schedule::kGrace;
    ASSERT_TRUE(leave(short_one, joined));
    join(short_one);
    ASSERT_TRUE(schedule.released(long_one, now)) << "forced";
    ASSERT_EQ(schedule.choose(now), &short_one);
    leave(short_one, joined);
    take(short_one);
    join(long_one);
    schedule.released(short_one, now);
    EXPECT_EQ(schedule.choose(now), &long_one);
    leave(long_one, now);
    take(long_one);
    // What is left of the turn, not a whole one.
    EXPECT_EQ(join(short_one), Schedule::kGrace);
    schedule.leave(short_one, now, now + kInterval);
    schedule.leave(other_long_one, now, now + kInterval);
    now += kInterval - kMillisecond;
    Runner third;
    third.in_request = true;
    third.used = 20 * kMillisecond;
    EXPECT_LE(join(third), Schedule::kGrace);
}

TEST_F(ScheduleTest, TimeOffForSomethingElseIsNoWaiting) {
    take(long_one);
    now += kMillisecond;
    const std::int64_t joined = now;
    join(short_one);
    now += Schedule::kGrace;
    ASSERT_TRUE(leave(short_one, joined));
    schedule.released(long_one, now);  // by its own will, although somebody had asked
    now += 200 * kAgeing;
    take(long_one);
    EXPECT_EQ(join(short_one), Schedule::kGrace) << "it has not earned anything";
}

TEST_F(ScheduleTest, EvenWhenItDoesNotKnowTheHolderCPythonsDeadlineStands) {
    // As after a fork in C: the lock is held, and the schedule has started over.
    EXPECT_EQ(join(short_one), kInterval);
    const std::int64_t joined = now;
    now += kInterval;
    EXPECT_TRUE(leave(short_one, joined));
}

TEST_F(ScheduleTest, AFullTurnGoesToTheEnd) {
    take(long_one);
    join(other_long_one);
    const std::int64_t joined = now;
    now += kInterval;
    ASSERT_TRUE(leave(other_long_one, joined));
    join(other_long_one);
    ASSERT_TRUE(schedule.released(long_one, now));
    join(long_one);
    EXPECT_EQ(schedule.choose(now), &other_long_one);
}

TEST_F(ScheduleTest, WhatWaitingHasEarnedLastsForATurn) {
    take(other_long_one);
    join(long_one);
    now += 3 * kAgeing;
    schedule.released(other_long_one, now);
    ASSERT_EQ(schedule.choose(now), &long_one);
    leave(long_one, kStart);
    take(long_one);
    now += kMillisecond;
    EXPECT_EQ(join(short_one), kInterval - kMillisecond) << "not before its turn is over";
}

TEST_F(ScheduleTest, AServerOfManyShortOnesInARowIsNoShortOne) {
    take(short_one);
    now += 2 * kMillisecond;
    schedule.holder_begins_request(now);
    EXPECT_EQ(join(other_short_one), Schedule::kGrace);
}

TEST_F(ScheduleTest, OutsideOfRequestsUsageIsForgotten) {
    short_one.in_request = false;
    take(short_one);
    now += 20 * kMillisecond;
    schedule.released(short_one, now);
    join(short_one);
    EXPECT_EQ(short_one.level, kLong);
    schedule.leave(short_one, now, now + kInterval);
    short_one.since = 0;
    now += 1'000 * kMillisecond;
    join(short_one);
    EXPECT_EQ(short_one.level, kShort);
}

TEST_F(ScheduleTest, TheThreadOfAnEventLoopGoesFirst) {
    long_one.ranks_first = true;
    take(other_short_one);
    join(short_one);
    join(long_one);
    schedule.released(other_short_one, now);
    EXPECT_EQ(schedule.choose(now), &long_one);
}

TEST_F(ScheduleTest, AShorterSwitchIntervalIsKept) {
    take(long_one);
    EXPECT_EQ(schedule.join(other_long_one, now, now + kMillisecond) - now, kMillisecond);
}

// Two computing threads, and short ones that would take all the time there is: a machine in virtual time.
TEST_F(ScheduleTest, NobodyStarvesBesideShortOnesWithoutEnd) {
    Runner* holder = &short_one;
    std::int64_t long_held = 0;
    take(short_one);
    join(long_one);
    const std::int64_t began = now;
    while (now < began + 2'000 * kMillisecond) {
        // The holder runs for half a millisecond, or for its turn; the other short one always waits.
        Runner& other = holder == &short_one ? other_short_one : short_one;
        const std::int64_t joined = now;
        const std::int64_t look_again = holder == &long_one ? join(short_one) : join(other);
        const std::int64_t run = holder == &long_one ? look_again : kMillisecond / 2;
        now += run;
        Runner& waiting = holder == &long_one ? short_one : other;
        if (leave(waiting, joined) || holder == &long_one) join(waiting);
        if (waiting.place == Waiter::Place::kOut) join(waiting);
        if (holder == &long_one) long_held += run;
        schedule.released(*holder, now);
        if (holder == &long_one) join(long_one);
        if (holder != &long_one) holder->used = 0;
        Runner* next = schedule.choose(now);
        ASSERT_NE(next, nullptr);
        schedule.leave(*next, now, now);
        take(*next);
        holder = next;
    }
    EXPECT_GE(long_held, 2'000 * kMillisecond / 30) << "a turn in every hundred milliseconds, about";
    EXPECT_LE(long_held, 2'000 * kMillisecond / 10) << "and not much more";
}

}  // namespace
}  // namespace baton::gil
