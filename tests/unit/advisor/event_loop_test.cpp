#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/advisor/support.hpp"

namespace baton::advisor {
namespace {

using namespace test;
using testing::HasSubstr;

Window with_loop(std::vector<StepWindow> steps, const Each& each) {
    Window window = test::window({route("/slow", 100, each)});
    LoopWindow loop;
    loop.interpreter = "main";
    loop.active = 30 * kSecond;
    loop.idle = 30 * kSecond;
    loop.long_steps = std::move(steps);
    window.loops = {loop};
    return window;
}

const Each kWaits{.hold = kMs, .off = 60 * kMs, .by_loop = true};

TEST(LoopBlocked, NamesTheRoute) {
    const Verdict verdict = loop_blocked(with_loop({{"/slow", 3, 200 * kMs, 90 * kMs}}, kWaits), facts());
    ASSERT_EQ(verdict.advice.size(), 1U);
    EXPECT_EQ(verdict.advice.front().route, "/slow");
    EXPECT_EQ(verdict.advice.front().severity, Severity::hint);
    EXPECT_THAT(verdict.advice.front().finding, HasSubstr("90 ms"));
    EXPECT_THAT(verdict.advice.front().do_this, HasSubstr("asyncio.to_thread"));
}

TEST(LoopBlocked, NeedsSomeOfThem) {
    const auto count = [](std::uint64_t steps, Nanoseconds time) {
        return loop_blocked(with_loop({{"/slow", steps, time, 90 * kMs}}, kWaits), facts()).advice.size();
    };
    EXPECT_EQ(count(3, 200 * kMs), 1U);
    EXPECT_EQ(count(2, 200 * kMs), 0U);
    EXPECT_EQ(count(3, 200 * kMs - 1), 0U);
}

TEST(LoopBlocked, IsWorseTheLongerItIs) {
    const auto severity = [](Nanoseconds time, Nanoseconds longest) {
        return loop_blocked(with_loop({{"/slow", 3, time, longest}}, kWaits), facts()).advice.at(0).severity;
    };
    EXPECT_EQ(severity(6 * kSecond, 90 * kMs), Severity::warning);
    EXPECT_EQ(severity(6 * kSecond - 1, 90 * kMs), Severity::hint);
    EXPECT_EQ(severity(kSecond, 500 * kMs), Severity::warning);
    EXPECT_EQ(severity(kSecond, 500 * kMs - 1), Severity::hint);
}

TEST(LoopBlocked, TellsComputingFromWaiting) {
    const std::vector<StepWindow> steps{{"/slow", 3, kSecond, 90 * kMs}};
    const auto what_to_do = [&](const Each& each) {
        return loop_blocked(with_loop(steps, each), facts()).advice.at(0).do_this;
    };
    EXPECT_THAT(what_to_do({.hold = 60 * kMs, .by_loop = true}), HasSubstr("process pool"));
    EXPECT_THAT(what_to_do({.hold = kMs, .off = 60 * kMs, .cpu = 55 * kMs, .by_loop = true}),
                HasSubstr("native code"));
    EXPECT_THAT(what_to_do(kWaits), HasSubstr("without awaiting"));
}

TEST(LoopBlocked, WithoutBooksPythonIsNotTakenForNativeCode) {
    // As the books are: all of it is off the GIL.
    const Window computing =
        with_loop({{"/slow", 3, kSecond, 90 * kMs}}, {.off = 60 * kMs, .cpu = 60 * kMs, .by_loop = true});
    EXPECT_THAT(loop_blocked(computing, facts()).advice.at(0).do_this,
                HasSubstr("It computes in native code"));
    EXPECT_THAT(loop_blocked(computing, with_the_ledger_off()).advice.at(0).do_this,
                HasSubstr("If that is Python code, give it to a process pool"));
    EXPECT_THAT(loop_blocked(computing, without_books()).advice.at(0).do_this, HasSubstr("Without a GIL"));
    const Window waiting =
        with_loop({{"/slow", 3, kSecond, 90 * kMs}}, {.off = 60 * kMs, .cpu = kMs, .by_loop = true});
    for (const Facts& facts : {with_the_ledger_off(), without_books()})
        EXPECT_THAT(loop_blocked(waiting, facts).advice.at(0).do_this, HasSubstr("without awaiting"));
}

TEST(LoopBlocked, ATaskOfNoRequestIsTheLoops) {
    const Advice advice = loop_blocked(with_loop({{"", 3, kSecond, 90 * kMs}}, kWaits), facts()).advice.at(0);
    EXPECT_FALSE(advice.route);
    EXPECT_EQ(advice.interpreter, "main");
}

TEST(LoopFull, FromNineTenthsOn) {
    Window window = with_loop({}, kWaits);
    EXPECT_TRUE(loop_full(window, facts()).advice.empty());
    window.loops.front().active = 54 * kSecond;
    window.loops.front().idle = 6 * kSecond;
    EXPECT_EQ(loop_full(window, facts()).advice.size(), 1U);
    EXPECT_THAT(loop_full(window, without_books()).advice.at(0).do_this, testing::Not(HasSubstr("GIL")));
    window.loops.front().idle += kSecond;
    EXPECT_TRUE(loop_full(window, facts()).advice.empty());
}

TEST(LoopRules, AreSilentWithoutALoopAndLackTimeAtFirst) {
    for (const auto rule : {loop_blocked, loop_full}) {
        EXPECT_FALSE(rule(window({}, kSecond), facts()).lacks);
        Window window = with_loop({}, kWaits);
        EXPECT_FALSE(rule(window, facts()).lacks);
        window.length = 10 * kSecond - 1;
        EXPECT_TRUE(rule(window, facts()).lacks);
    }
}

}  // namespace
}  // namespace baton::advisor
