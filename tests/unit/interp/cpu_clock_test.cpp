#include "interp/cpu_clock.hpp"

#include <gtest/gtest.h>

namespace baton::interp {
namespace {

dispatch::Nanoseconds clock_says = 0;
unsigned readings = 0;

struct CpuClockTest : ::testing::Test {
    CpuClockTest() {
        clock_says = 1'000'000;
        readings = 0;
    }
    static dispatch::Nanoseconds read() {
        ++readings;
        return clock_says;
    }
    static constexpr dispatch::Nanoseconds kShort = CpuClock::kShort;
};

TEST_F(CpuClockTest, ALongRequestIsReadFromTheClock) {
    CpuClock clock(read);
    clock_says += 70'000;
    EXPECT_EQ(clock.spent(80'000, false), 70'000);
    clock_says += 3'000;  // most of it was sleep
    EXPECT_EQ(clock.spent(1'000'000'000, true), 3'000);
    EXPECT_EQ(readings, 3U);
}

TEST_F(CpuClockTest, AShortOneIsChargedItsWallTimeWithoutAReading) {
    CpuClock clock(read);
    clock_says += 9'000;
    EXPECT_EQ(clock.spent(10'000, false), 10'000);
    EXPECT_EQ(readings, 1U);
    // The next one pays for what is its own only.
    clock_says += 50'000;
    EXPECT_EQ(clock.spent(60'000, false), 49'000);
}

TEST_F(CpuClockTest, AShortOneThatLetGoIsRead) {
    CpuClock clock(read);
    clock_says += 2'000;
    EXPECT_EQ(clock.spent(15'000, true), 2'000);
    EXPECT_EQ(readings, 2U);
}

TEST_F(CpuClockTest, NoneIsEverNegative) {
    CpuClock clock(read);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(clock.spent(kShort, false), kShort);
    clock_says += 1'000;  // far behind what the short ones were charged
    EXPECT_EQ(clock.spent(kShort + 1, true), 0);
    clock_says += 500;
    EXPECT_EQ(clock.spent(kShort + 1, true), 500) << "the error is not carried on";
}

TEST_F(CpuClockTest, NoneIsMoreThanTheWallTime) {
    CpuClock clock(read);
    clock_says += 500'000;  // a rest that the thread did not sleep through
    clock.rested();
    clock_says += 25'000;
    EXPECT_EQ(clock.spent(26'000, false), 26'000);
    clock_says += 25'000;
    EXPECT_EQ(clock.spent(26'000, false), 25'000) << "the next one has nothing to do with it";
}

TEST_F(CpuClockTest, RestsAreLeftOutNowAndThen) {
    CpuClock clock(read);
    for (unsigned i = 0; i < CpuClock::kRests; ++i) {
        clock_says += 1'000;
        clock.rested();
    }
    EXPECT_EQ(readings, 2U);
    clock_says += 30'000;
    EXPECT_EQ(clock.spent(1'000'000, true), 30'000);
}

TEST_F(CpuClockTest, ManyShortOnesInARowDoNotDriftAway) {
    CpuClock clock(read);
    for (unsigned i = 0; i < 10 * CpuClock::kInARow; ++i) {
        clock_says += 1'000;
        EXPECT_EQ(clock.spent(2'000, false), 2'000);
    }
    EXPECT_EQ(readings, 11U);
    clock_says += 30'000;
    EXPECT_EQ(clock.spent(30'001, false), 30'000);
}

TEST_F(CpuClockTest, TheThreadsOwnClockRuns) {
    const dispatch::Nanoseconds before = thread_cpu_time();
    volatile unsigned n = 0;
    while (thread_cpu_time() < before + 1'000'000) n = n + 1;
    EXPECT_GT(n, 0U);
}

}  // namespace
}  // namespace baton::interp
