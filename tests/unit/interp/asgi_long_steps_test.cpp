#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "interp/asgi/long_steps.hpp"

namespace baton::interp::asgi {
namespace {

constexpr auto kLong = LongSteps::kLong;

TEST(LongSteps, AreNoneBeforeTheFirst) {
    const LongSteps steps;
    EXPECT_TRUE(steps.all().empty());
}

TEST(LongSteps, AShortOneIsLeftOutAndOneOfTheLimitIsNot) {
    LongSteps steps;
    steps.add(3, kLong - 1);
    steps.add(3, 0);
    steps.add(3, -kLong);  // as when a wait for the GIL was measured as longer than the callback
    EXPECT_TRUE(steps.all().empty());
    steps.add(3, kLong);
    ASSERT_EQ(steps.all().size(), 1U);
    EXPECT_EQ(steps.all().front().time, kLong);
}

TEST(LongSteps, AreCountedAndSummedByRouteAndTheLongestIsKept) {
    LongSteps steps;
    steps.add(3, kLong);
    steps.add(7, 5 * kLong);
    steps.add(3, 4 * kLong);
    steps.add(3, 2 * kLong);
    const std::vector<LongStep> all = steps.all();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(all[0].of_request);
    EXPECT_EQ(all[0].route, 3U);
    EXPECT_EQ(all[0].count, 3U);
    EXPECT_EQ(all[0].time, 7 * kLong);
    EXPECT_EQ(all[0].longest, 4 * kLong);
    EXPECT_EQ(all[1].route, 7U);
    EXPECT_EQ(all[1].count, 1U);
    EXPECT_EQ(all[1].time, 5 * kLong);
    EXPECT_EQ(all[1].longest, 5 * kLong);
}

TEST(LongSteps, NobodysAreApartFromThoseOfTheFirstRoute) {
    LongSteps steps;
    steps.add(LongSteps::kNobody, 2 * kLong);
    steps.add(0, kLong);
    steps.add(LongSteps::kNobody - 1, 3 * kLong);
    const std::vector<LongStep> all = steps.all();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_TRUE(all[0].of_request);
    EXPECT_EQ(all[0].route, 0U);
    EXPECT_EQ(all[0].time, kLong);
    EXPECT_TRUE(all[1].of_request);
    EXPECT_EQ(all[1].route, LongSteps::kNobody - 1);
    EXPECT_FALSE(all[2].of_request);
    EXPECT_EQ(all[2].route, 0U);
    EXPECT_EQ(all[2].time, 2 * kLong);
}

TEST(LongSteps, ARouteThatThereCannotBeIsLeftOut) {
    LongSteps steps;
    steps.add(LongSteps::kNobody + 1, kLong);
    steps.add(UINT32_MAX, kLong);
    EXPECT_TRUE(steps.all().empty());
}

TEST(LongSteps, OtherThreadsReadWhileTheLoopAdds) {
    LongSteps steps;
    std::atomic<bool> over = false;
    std::thread loop([&] {
        for (int i = 1; i <= 200'000; ++i) steps.add(5, kLong + i);
        over = true;
    });
    LongStep last;
    while (!over) {
        const std::vector<LongStep> all = steps.all();
        if (all.empty()) continue;
        ASSERT_EQ(all.size(), 1U);
        EXPECT_GE(all[0].count, last.count);
        EXPECT_GE(all[0].time, last.time);
        EXPECT_GE(all[0].longest, last.longest);
        last = all[0];
    }
    loop.join();
    EXPECT_EQ(steps.all().at(0).count, 200'000U);
    EXPECT_EQ(steps.all().at(0).longest, kLong + 200'000);
    EXPECT_EQ(steps.all().at(0).time, 200'000 * kLong + dispatch::Nanoseconds{200'000} * 200'001 / 2);
}

}  // namespace
}  // namespace baton::interp::asgi
