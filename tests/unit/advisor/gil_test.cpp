#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/advisor/support.hpp"

namespace baton::advisor {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(Ceiling, IsOneByTheHold) {
    const Window window = test::window({route("/cpu", 1000, {.hold = 12 * kMs}), route("/", 2000, {})});
    const Verdict verdict = ceiling(window, facts());
    ASSERT_EQ(verdict.advice.size(), 1U);
    const Advice& advice = verdict.advice.front();
    EXPECT_EQ(advice.interpreter, "main");
    EXPECT_NEAR(number(advice, "most_requests_per_second"), 3000 / 12.0, 1e-6);
    EXPECT_NEAR(number(advice, "requests_per_second"), 50, 1e-6);
    EXPECT_NEAR(number(advice, "gil_share_of_time"), 0.2, 1e-9);
    EXPECT_THAT(advice.finding, HasSubstr("/cpu (20 %)"));
}

TEST(Ceiling, ThreadsOfTheApplicationLeaveLess) {
    Window window = test::window({route("/cpu", 1000, {.hold = 12 * kMs})});
    window.held += 30 * kSecond;
    const Advice advice = ceiling(window, facts()).advice.at(0);
    EXPECT_NEAR(number(advice, "most_requests_per_second"), 0.5 * 1000 / 12.0, 1e-6);
    EXPECT_THAT(advice.finding, HasSubstr("50 % of the time it is held by threads of the application"));
}

TEST(Ceiling, IsAsBadAsItIsNear) {
    const auto judge = [](Nanoseconds hold) {
        return ceiling(window({route("/cpu", 1000, {.hold = hold})}), facts()).advice;
    };
    EXPECT_EQ(judge(54 * kMs).at(0).severity, Severity::warning);
    EXPECT_EQ(judge(54 * kMs - kUs).at(0).severity, Severity::hint);
    EXPECT_EQ(judge(42 * kMs).at(0).severity, Severity::hint);
    EXPECT_EQ(judge(42 * kMs - kUs).at(0).severity, Severity::info);
    EXPECT_EQ(judge(3 * kMs).size(), 1U);
    EXPECT_EQ(judge(3 * kMs - kUs).size(), 0U);
}

TEST(Parallel, SpeaksOfAGilThatIsHalfFull) {
    const auto judge = [](Nanoseconds hold) {
        return parallel(window({route("/cpu", 1000, {.hold = hold})}), facts()).advice;
    };
    ASSERT_EQ(judge(30 * kMs).size(), 1U);
    EXPECT_NEAR(number(judge(30 * kMs).front(), "processes_factor"), 2.0, 1e-9);
    EXPECT_EQ(judge(30 * kMs).front().severity, Severity::info);
    EXPECT_EQ(judge(54 * kMs).front().severity, Severity::hint);
    EXPECT_TRUE(judge(30 * kMs - kUs).empty());
}

TEST(Parallel, IsBoundedByTheCpus) {
    // Half of the CPU time is native and already beside the GIL: two CPUs are full with it.
    Window window =
        test::window({route("/mixed", 1000, {.hold = 50 * kMs, .off = 50 * kMs, .cpu = 100 * kMs})});
    Advice advice = parallel(window, facts()).advice.at(0);
    EXPECT_NEAR(number(advice, "processes_factor"), 1.0, 1e-9);
    EXPECT_NEAR(number(advice, "gil_share_of_work"), 0.5, 1e-9);
    EXPECT_THAT(advice.finding, HasSubstr("by 2.00 at most"));
    EXPECT_THAT(advice.do_this, HasSubstr("more CPUs"));
    Facts facts = test::facts();
    facts.cpus = 8;
    advice = parallel(window, facts).advice.at(0);
    EXPECT_NEAR(number(advice, "processes_factor"), 4.0, 1e-9);
    EXPECT_THAT(advice.expect, HasSubstr("Measured otherwise"));
}

TEST(Parallel, AdvisesWhatThisServerCanServeWith) {
    const Window window = test::window({route("/cpu", 1000, {.hold = 50 * kMs})});
    Facts facts = test::facts();
    facts.python_version = "3.13.5";
    const Advice now = parallel(window, facts).advice.at(0);
    EXPECT_THAT(now.do_this, HasSubstr("one server process for each CPU"));
    EXPECT_THAT(now.do_this, testing::Not(HasSubstr("nterpreter")));
    EXPECT_THAT(now.do_this, testing::Not(HasSubstr("free-threaded")));
    EXPECT_THAT(now.expect, HasSubstr("cannot serve with them yet"));
    EXPECT_THAT(now.expect, HasSubstr("from a single thread"));
    facts.serves_interpreters = facts.serves_free_threaded = true;
    const Advice later = parallel(window, facts).advice.at(0);
    EXPECT_THAT(later.do_this, HasSubstr("Interpreters"));
    EXPECT_THAT(later.do_this, HasSubstr("free-threaded"));
    EXPECT_THAT(later.expect, testing::Not(HasSubstr("this version")));
}

TEST(Parallel, InterpretersAreAdvisedWhereThisPythonHasThem) {
    const Window window = test::window({route("/cpu", 1000, {.hold = 50 * kMs})});
    Facts facts = test::facts();
    facts.serves_interpreters = true;
    for (const auto& [version, expected] :
         {std::pair("3.11.2", false), {"3.12.0", true}, {"3.9.1", false}, {"4.0.0", true}, {"", false}}) {
        facts.python_version = version;
        const std::string text = parallel(window, facts).advice.at(0).do_this;
        EXPECT_EQ(text.find("Interpreters") != std::string::npos, expected) << version;
    }
}

TEST(Parallel, NobodyIsSentToCpusThatOthersUse) {
    const auto judge = [](Nanoseconds cpu) {
        return parallel(window({route("/cpu", 1000, {.hold = 60 * kMs, .cpu = cpu})}), facts()).advice.at(0);
    };
    EXPECT_EQ(judge(42 * kMs).severity, Severity::hint);
    EXPECT_THAT(judge(42 * kMs).do_this, HasSubstr("server process"));
    EXPECT_EQ(judge(41 * kMs).severity, Severity::info);
    EXPECT_THAT(judge(41 * kMs).do_this, HasSubstr("nobody else uses"));
    EXPECT_NEAR(number(judge(30 * kMs), "cpu_share_of_holds"), 0.5, 1e-9);
}

TEST(GilRules, SayWhatIsLacking) {
    const Each each{.hold = 10 * kMs};
    for (const auto rule : {ceiling, parallel, threads}) {
        EXPECT_FALSE(rule(window({route("/a", 100, each), route("/b", 100, each)}), facts()).lacks);
        EXPECT_TRUE(rule(window({route("/a", 100, each), route("/b", 99, each)}), facts()).lacks);
        EXPECT_TRUE(rule(window({route("/a", 200, each)}, 10 * kSecond - 1), facts()).lacks);
        EXPECT_THAT(*rule(window({route("/a", 200, each)}), without_books()).lacks,
                    HasSubstr("without a GIL"));
    }
    EXPECT_TRUE(long_hold(window({}, 10 * kSecond - 1), facts()).lacks);
    EXPECT_FALSE(long_hold(window({}, 10 * kSecond), facts()).lacks);
    EXPECT_TRUE(gc_pauses(window({}, 10 * kSecond - 1), facts()).lacks);
    EXPECT_FALSE(gc_pauses(window({}, 10 * kSecond), facts()).lacks);
}

TEST(LongHold, NamesRouteAndPlace) {
    Window window = test::window({route("/hash", 10, {.hold = 50 * kMs})});
    window.kept = {{"/hash", 5, 200 * kMs, 60 * kMs}};
    Facts facts = test::facts();
    Verdict verdict = long_hold(window, facts);
    ASSERT_EQ(verdict.advice.size(), 1U);
    EXPECT_EQ(verdict.advice.front().route, "/hash");
    EXPECT_THAT(verdict.advice.front().do_this, HasSubstr("--log-long-holds"));
    EXPECT_THAT(verdict.advice.front().title, HasSubstr("while others ask for it"));
    EXPECT_THAT(verdict.advice.front().finding, HasSubstr("60 ms"));
    EXPECT_NEAR(number(verdict.advice.front(), "mean_wait_seconds"), 0.04, 1e-9);
    facts.named_holds = {{"/other", "x.py:1 (x)", kSecond},
                         {"/hash", "app.py:9 (other)", 11 * kMs},
                         {"/hash", "app.py:7 (digest)", 50 * kMs},
                         {"/hash", "app.py:8 (other)", 12 * kMs}};
    verdict = long_hold(window, facts);
    EXPECT_THAT(verdict.advice.front().title, HasSubstr("in a call from app.py:7 (digest)"));
    EXPECT_THAT(verdict.advice.front().finding, HasSubstr("50 ms after it had been asked"));
    EXPECT_THAT(verdict.advice.front().do_this, HasSubstr("app.py:7"));
    EXPECT_THAT(verdict.advice.front().finding, testing::Not(HasSubstr("too full")));
}

TEST(LongHold, NeedsSomeOfThem) {
    const auto judge = [](std::uint64_t count, Nanoseconds time) {
        Window window = test::window({});
        window.kept = {{"thread:loader", count, time, 0}};
        return long_hold(window, facts()).advice;
    };
    EXPECT_TRUE(judge(4, 300 * kMs).empty());
    EXPECT_TRUE(judge(5, 200 * kMs - 1).empty());
    ASSERT_EQ(judge(5, 200 * kMs).size(), 1U);
    EXPECT_FALSE(judge(5, 200 * kMs).front().route);
    EXPECT_EQ(judge(5, 200 * kMs).front().interpreter, "main");
    EXPECT_EQ(judge(100, 6 * kSecond).front().severity, Severity::warning);
    EXPECT_EQ(judge(100, 6 * kSecond - 1).front().severity, Severity::hint);
}

TEST(LongHold, ThreadsThatTheKernelStopsNowAndThenAreNone) {
    const auto count = [](Nanoseconds time) {
        Window window = test::window({route("/cpu", 1000, {.hold = 10 * kMs})});
        window.kept = {{"/cpu", 20, time, 60 * kMs}};
        return long_hold(window, facts()).advice.size();
    };
    EXPECT_EQ(count(kSecond), 1U);
    EXPECT_EQ(count(kSecond - kMs), 0U);
}

TEST(LongHold, AMachineThatIsTooFullIsMentioned) {
    const auto finding = [](Nanoseconds cpu) {
        Window window = test::window({route("/hash", 10, {.hold = 50 * kMs, .cpu = cpu})});
        window.kept = {{"/hash", 5, kSecond, 60 * kMs}};
        return long_hold(window, facts()).advice.at(0).finding;
    };
    EXPECT_THAT(finding(34 * kMs), HasSubstr("too full"));
    EXPECT_THAT(finding(35 * kMs), testing::Not(HasSubstr("too full")));
}

Window with_collections(std::uint64_t count, Nanoseconds each) {
    Window window = test::window({});
    metrics::PhaseCount pauses;
    pauses.buckets[metrics::bucket_of<metrics::kPhaseBounds>(each)] = count;
    pauses.sum = static_cast<Nanoseconds>(count) * each;
    window.gc = {{"0", {}}, {"2", pauses}};
    return window;
}

TEST(GcPauses, MatterWhenTheyTakeMuchOfTheTime) {
    EXPECT_EQ(gc_pauses(with_collections(300, 10 * kMs), facts()).advice.at(0).severity, Severity::hint);
    EXPECT_EQ(gc_pauses(with_collections(299, 10 * kMs), facts()).advice.size(), 0U);
    EXPECT_EQ(gc_pauses(with_collections(900, 10 * kMs), facts()).advice.at(0).severity, Severity::warning);
}

TEST(GcPauses, MatterWhenTheyAreLong) {
    EXPECT_EQ(gc_pauses(with_collections(2, 51 * kMs), facts()).advice.size(), 1U);
    EXPECT_EQ(gc_pauses(with_collections(1, 51 * kMs), facts()).advice.size(), 0U);
    EXPECT_EQ(gc_pauses(with_collections(2, 50 * kMs), facts()).advice.size(), 0U);
    EXPECT_EQ(gc_pauses(with_collections(0, kMs), facts()).advice.size(), 0U);
}

TEST(GcPauses, WhereThereIsNoGilNoneIsHeld) {
    EXPECT_THAT(gc_pauses(with_collections(300, 10 * kMs), facts()).advice.at(0).finding, HasSubstr("GIL"));
    EXPECT_THAT(gc_pauses(with_collections(300, 10 * kMs), without_books()).advice.at(0).finding,
                testing::Not(HasSubstr("GIL")));
}

}  // namespace
}  // namespace baton::advisor
