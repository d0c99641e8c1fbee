#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/advisor/support.hpp"

namespace baton::advisor {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(CpuBound, SpeaksFromThreeFifthsOfTheWorkOn) {
    const auto judge = [](Nanoseconds hold) {
        return cpu_bound(window({route("/cpu", 1000, {.hold = hold, .off = 10 * kMs - hold})}), facts());
    };
    ASSERT_EQ(judge(6 * kMs).advice.size(), 1U);
    const Advice advice = judge(6 * kMs).advice.front();
    EXPECT_EQ(advice.id, "cpu_bound");
    EXPECT_EQ(advice.route, "/cpu");
    EXPECT_THAT(advice.finding, HasSubstr("6.00 ms"));
    EXPECT_NEAR(number(advice, "most_requests_per_second"), 1000 / 6.0, 1e-6);
    EXPECT_NEAR(number(advice, "gil_share_of_work"), 0.6, 1e-9);
    EXPECT_TRUE(judge(6 * kMs - kUs).advice.empty());
    EXPECT_FALSE(judge(6 * kMs - kUs).lacks);
}

TEST(CpuBound, ShortRequestsMatterWhenTheyTakeATenthOfTheGil) {
    const auto judge = [](std::uint64_t requests) {
        return cpu_bound(window({route("/", requests, {.hold = 100 * kUs})}), facts()).advice.size();
    };
    EXPECT_EQ(judge(60'000), 1U);
    EXPECT_EQ(judge(59'000), 0U);
}

TEST(CpuBound, IsAsBadAsTheGilIsFull) {
    const auto severity = [](std::uint64_t requests) {
        return cpu_bound(window({route("/cpu", requests, {.hold = 100 * kMs})}), facts())
            .advice.at(0)
            .severity;
    };
    EXPECT_EQ(severity(480), Severity::warning);  // 80 % of the minute
    EXPECT_EQ(severity(479), Severity::hint);
    EXPECT_EQ(severity(60), Severity::hint);
    EXPECT_EQ(severity(59), Severity::info);
}

TEST(IoBound, SpeaksFromThreeFifthsOfTheWorkOn) {
    const auto judge = [](Nanoseconds off) {
        return io_bound(window({route("/io", 1000, {.hold = 10 * kMs - off, .off = off})}), facts()).advice;
    };
    ASSERT_EQ(judge(6 * kMs).size(), 1U);
    EXPECT_EQ(judge(6 * kMs).front().route, "/io");
    EXPECT_NEAR(number(judge(6 * kMs).front(), "useful_threads"), 1 + 6 / 4.0, 1e-9);
    EXPECT_TRUE(judge(6 * kMs - kUs).empty());
}

TEST(IoBound, SaysOtherThingsOfAnEventLoop) {
    const Window on_loop = window({route("/io", 1000, {.off = 10 * kMs, .by_loop = true})});
    EXPECT_THAT(io_bound(on_loop, facts()).advice.at(0).do_this, HasSubstr("event loop"));
}

TEST(IoBound, WhatBlocksItsLoopIsAnotherRulesToSay) {
    Window window = test::window({route("/slow", 1000, {.off = 10 * kMs, .by_loop = true})});
    LoopWindow loop;
    loop.long_steps = {{"/slow", 100, 5 * kSecond, 50 * kMs}, {"/other", 100, 9 * kSecond, 50 * kMs}};
    window.loops = {loop};
    EXPECT_EQ(io_bound(window, facts()).advice.size(), 1U);
    window.loops.front().long_steps.front().time += 1;
    EXPECT_EQ(io_bound(window, facts()).advice.size(), 0U);
}

TEST(IoBound, ShortRequestsAreLeftAlone) {
    EXPECT_EQ(io_bound(window({route("/io", 1000, {.off = kMs})}), facts()).advice.size(), 1U);
    EXPECT_EQ(io_bound(window({route("/io", 1000, {.off = kMs - kUs})}), facts()).advice.size(), 0U);
}

TEST(Native, IsCpuTimeWithoutTheGil) {
    const auto seen = [](Nanoseconds cpu) {
        return window({route("/hash", 1000, {.hold = kMs, .off = 9 * kMs, .cpu = cpu})});
    };
    ASSERT_EQ(native(seen(5 * kMs), facts()).advice.size(), 1U);
    const Advice advice = native(seen(5 * kMs), facts()).advice.front();
    EXPECT_EQ(advice.id, "native");
    EXPECT_NEAR(number(advice, "native_share_of_work"), 0.4, 1e-9);
    EXPECT_NEAR(number(advice, "most_requests_per_second"), 2 / 0.005, 1e-6);
    EXPECT_TRUE(io_bound(seen(5 * kMs), facts()).advice.empty());
    // A little less, and it is neither the one nor the other; with none it waits.
    EXPECT_TRUE(native(seen(5 * kMs - kUs), facts()).advice.empty());
    EXPECT_EQ(io_bound(seen(kMs), facts()).advice.size(), 1U);
}

TEST(RouteRules, SayWhatIsLacking) {
    const Each each{.hold = 10 * kMs};
    for (const auto rule : {cpu_bound, io_bound, native, convoyed, lock_wait}) {
        EXPECT_FALSE(rule(window({route("/", 200, each)}), facts()).lacks);
        EXPECT_THAT(*rule(window({route("/", 199, each)}), facts()).lacks, HasSubstr("199 requests"));
        EXPECT_FALSE(rule(window({route("/", 20, {.hold = 100 * kMs})}), facts()).lacks);
        EXPECT_TRUE(rule(window({route("/", 19, {.hold = 110 * kMs})}), facts()).lacks);
        EXPECT_TRUE(rule(window({route("/", 20, {.hold = 99 * kMs})}), facts()).lacks);
        EXPECT_FALSE(rule(window({route("/", 200, each)}, 10 * kSecond), facts()).lacks);
        EXPECT_THAT(*rule(window({route("/", 200, each)}, 10 * kSecond - 1), facts()).lacks,
                    HasSubstr("10 s of observation"));
        EXPECT_THAT(*rule(window({}), facts()).lacks, HasSubstr("no request"));
        EXPECT_THAT(*rule(window({route("/", 200, each)}), without_books()).lacks,
                    HasSubstr("without a GIL"));
        // One route that is seen enough does not speak for another.
        const Verdict two = rule(window({route("/a", 200, each), route("/b", 19, each)}), facts());
        EXPECT_FALSE(two.lacks);
        for (const Advice& advice : two.advice) EXPECT_EQ(advice.route, "/a");
    }
}

class Convoyed : public testing::Test {
  protected:
    Window seen(Nanoseconds wait, Nanoseconds for_cpu, Nanoseconds for_itself) const {
        Window window = test::window({route("/io", 1000, {.hold = kMs, .off = 5 * kMs, .wait = wait}),
                                      route("/cpu", 1000, {.hold = 20 * kMs})});
        window.blame = {{"/io", "/cpu", for_cpu}, {"/io", "/io", for_itself}, {"/cpu", "/io", kSecond}};
        return window;
    }
};

TEST_F(Convoyed, NamesTheHolder) {
    const Verdict verdict = convoyed(seen(6 * kMs, 5 * kSecond, kSecond), facts());
    ASSERT_EQ(verdict.advice.size(), 1U);
    const Advice& advice = verdict.advice.front();
    EXPECT_EQ(advice.route, "/io");
    EXPECT_EQ(advice.severity, Severity::warning);
    EXPECT_THAT(advice.title, HasSubstr("/cpu"));
    EXPECT_THAT(advice.finding, HasSubstr("/cpu (83 %)"));
    EXPECT_NEAR(number(advice, "wait_share"), 0.5, 1e-9);
}

TEST_F(Convoyed, FromAQuarterOfTheTimeOn) {
    EXPECT_EQ(convoyed(seen(2 * kMs, kSecond, 0), facts()).advice.size(), 1U);
    EXPECT_EQ(convoyed(seen(2 * kMs, kSecond, 0), facts()).advice.front().severity, Severity::hint);
    EXPECT_TRUE(convoyed(seen(2 * kMs - kUs, kSecond, 0), facts()).advice.empty());
}

TEST_F(Convoyed, OnlyWhenOthersAreToBlame) {
    EXPECT_EQ(convoyed(seen(6 * kMs, kSecond, kSecond), facts()).advice.size(), 1U);
    EXPECT_TRUE(convoyed(seen(6 * kMs, kSecond, kSecond + 1), facts()).advice.empty());
    EXPECT_TRUE(convoyed(seen(6 * kMs, 0, kSecond), facts()).advice.empty());
    Window free = seen(6 * kMs, kSecond, 0);
    free.blame.push_back({"/io", "_FREE", 2 * kSecond});
    EXPECT_TRUE(convoyed(free, facts()).advice.empty());
}

TEST_F(Convoyed, WhoComputesMostIsNoVictim) {
    Window window = test::window(
        {route("/a", 1000, {.hold = 16 * kMs, .wait = 20 * kMs}), route("/b", 1000, {.hold = 20 * kMs})});
    window.blame = {{"/a", "/b", 10 * kSecond}};
    EXPECT_TRUE(convoyed(window, facts()).advice.empty());
    window.routes.front() = route("/a", 1000, {.hold = 15 * kMs, .wait = 20 * kMs});
    EXPECT_EQ(convoyed(window, facts()).advice.size(), 1U);
}

TEST_F(Convoyed, AdviceDependsOnThePolicyAndOnWhoKeepsTheGil) {
    Facts facts = test::facts();
    Window window = seen(6 * kMs, kSecond, 0);
    EXPECT_THAT(convoyed(window, facts).advice.at(0).do_this, HasSubstr("process of its own"));
    window.kept = {{"/cpu", 100, 2 * kSecond - kMs, 20 * kMs}};  // less than a tenth of its holds
    EXPECT_THAT(convoyed(window, facts).advice.at(0).do_this, HasSubstr("process of its own"));
    window.kept = {{"/cpu", 100, 2 * kSecond, 20 * kMs}};
    EXPECT_THAT(convoyed(window, facts).advice.at(0).do_this, HasSubstr("long_hold"));
    // The policy comes first: it costs nothing.
    facts.policy = "cpython";
    EXPECT_THAT(convoyed(window, facts).advice.at(0).do_this, HasSubstr("--gil-policy latency"));
}

TEST(LockWait, SpeaksFromThreeTenthsOn) {
    const auto judge = [](Nanoseconds lock) {
        return lock_wait(window({route("/pool", 1000, {.hold = 10 * kMs - lock, .lock = lock})}), facts())
            .advice;
    };
    ASSERT_EQ(judge(3 * kMs).size(), 1U);
    EXPECT_EQ(judge(3 * kMs).front().severity, Severity::hint);
    EXPECT_EQ(judge(7 * kMs).front().severity, Severity::warning);
    EXPECT_TRUE(judge(3 * kMs - kUs).empty());
    EXPECT_TRUE(lock_wait(window({route("/pool", 1000, {.lock = kMs - kUs})}), facts()).advice.empty());
}

}  // namespace
}  // namespace baton::advisor
