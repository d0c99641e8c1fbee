#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/advisor/support.hpp"

namespace baton::advisor {
namespace {

using namespace test;
using metrics::Rejection;
using testing::HasSubstr;

TEST(Threads, AsManyAsKeepTheGilBusy) {
    const Window window =
        test::window({route("/io", 1000, {.hold = 2 * kMs, .off = 6 * kMs}),
                      route("/loop", 1000, {.hold = kMs, .off = kSecond, .by_loop = true})});
    Facts facts = test::facts();
    facts.controller = "enough threads";
    const Advice advice = threads(window, facts).advice.at(0);
    EXPECT_NEAR(number(advice, "useful_threads"), 4, 1e-9);
    EXPECT_THAT(advice.finding, HasSubstr("enough threads"));
    EXPECT_EQ(advice.severity, Severity::info);
}

TEST(Threads, NativeComputingIsBoundedByTheCpus) {
    const auto useful = [](const Each& each, double cpus) {
        Facts facts = test::facts();
        facts.cpus = cpus;
        return number(threads(test::window({route("/", 1000, each)}), facts).advice.at(0), "useful_threads");
    };
    // As /native/hash: next to nothing under the GIL.
    const Each hash{.hold = 10 * kUs, .off = 8 * kMs, .cpu = 8 * kMs + 10 * kUs};
    EXPECT_NEAR(useful(hash, 2), 2, 1e-6);
    EXPECT_NEAR(useful(hash, 8), 8, 1e-6);
    // Half of it waits: while one does, another computes.
    EXPECT_NEAR(useful({.hold = 10 * kUs, .off = 8 * kMs, .cpu = 4 * kMs}, 2), 2 * 8.01 / 4, 1e-6);
    // The GIL is the bound although there is native computing, or the only bound.
    EXPECT_NEAR(useful({.hold = 4 * kMs, .off = 4 * kMs, .cpu = 6 * kMs}, 8), 2, 1e-6);
    EXPECT_NEAR(useful({.hold = 4 * kMs}, 2), 1, 1e-6);
    // A part of a CPU fills before the GIL does.
    EXPECT_NEAR(useful({.hold = 4 * kMs, .off = 12 * kMs}, 0.5), 2, 1e-6);
}

TEST(Threads, AFixedNumberMayBeFarOff) {
    const auto severity = [](std::size_t most, std::uint64_t requests) {
        Facts facts = test::facts();
        facts.automatic = false;
        facts.most_threads = facts.threads = most;
        const Window window = test::window({route("/io", requests, {.hold = 2 * kMs, .off = 6 * kMs})});
        return threads(window, facts).advice.at(0).severity;
    };
    EXPECT_EQ(severity(16, 1000), Severity::info);
    EXPECT_EQ(severity(17, 1000), Severity::hint);  // more than four times as many
    EXPECT_EQ(severity(2, 1000), Severity::info);   // fewer, but they are not busy
    EXPECT_EQ(severity(2, 12'000), Severity::hint);
    EXPECT_EQ(severity(3, 18'000), Severity::info);
}

TEST(Threads, AreNoSubjectOnALoop) {
    const Window window = test::window({route("/", 1000, {.hold = kMs, .by_loop = true})});
    EXPECT_TRUE(threads(window, facts()).advice.empty());
    EXPECT_TRUE(too_few_threads(window, facts()).advice.empty());
    EXPECT_FALSE(threads(window, facts()).lacks);
}

class TooFewThreads : public testing::Test {
  protected:
    TooFewThreads() {
        known.automatic = false;
        known.threads = known.most_threads = 2;
    }
    static Window seen(Nanoseconds queue, Nanoseconds hold = kMs) {
        return test::window({route("/io", 1000, {.hold = hold, .off = 14 * kMs - hold, .queue = queue})});
    }
    Facts known = facts();
};

TEST_F(TooFewThreads, WhenRequestsQueueAlthoughTheGilHasRoom) {
    const Verdict verdict = too_few_threads(seen(6 * kMs), known);
    ASSERT_EQ(verdict.advice.size(), 1U);
    EXPECT_EQ(verdict.advice.front().severity, Severity::warning);
    EXPECT_THAT(verdict.advice.front().do_this, HasSubstr("--threads auto"));
    EXPECT_TRUE(too_few_threads(seen(6 * kMs - kUs), known).advice.empty());
}

TEST_F(TooFewThreads, ShortQueuesAreLeftAlone) {
    const auto judge = [&](Nanoseconds queue) {
        return too_few_threads(test::window({route("/", 1000, {.hold = kMs, .queue = queue})}), known)
            .advice.size();
    };
    EXPECT_EQ(judge(2 * kMs), 1U);
    EXPECT_EQ(judge(2 * kMs - kUs), 0U);
}

TEST_F(TooFewThreads, NotWhenTheGilIsFull) {
    Window window = seen(30 * kMs);
    window.held = 54 * kSecond;
    EXPECT_TRUE(too_few_threads(window, known).advice.empty());
    window.held -= 1;
    EXPECT_EQ(too_few_threads(window, known).advice.size(), 1U);
}

TEST_F(TooFewThreads, NotWhenTheCpusAreFullOrTheControllerMayAddSome) {
    Window window = seen(30 * kMs);
    window.cpu = 108 * kSecond;
    EXPECT_TRUE(too_few_threads(window, known).advice.empty());
    window.cpu -= kSecond;
    EXPECT_EQ(too_few_threads(window, known).advice.size(), 1U);
    known.most_threads = 3;
    EXPECT_TRUE(too_few_threads(window, known).advice.empty());
}

TEST_F(TooFewThreads, WithTheLedgerOffNothingIsSaidOfTheGil) {
    known = with_the_ledger_off();
    known.automatic = false;
    known.threads = known.most_threads = 2;
    Window window = seen(30 * kMs);
    const Advice advice = too_few_threads(window, known).advice.at(0);
    EXPECT_THAT(advice.title + advice.finding, testing::Not(HasSubstr("GIL")));
    EXPECT_THAT(advice.do_this, HasSubstr("--threads auto"));
    EXPECT_EQ(number(advice, "gil_share_of_time"), -1.0);
    EXPECT_TRUE(too_few_threads(test::window({}), known).lacks);
    // Threads that compute may be Python: then the GIL is full, and nobody knows.
    window.routes.front().cpu = 54 * kSecond;
    EXPECT_TRUE(too_few_threads(window, known).advice.empty());
    EXPECT_THAT(*too_few_threads(window, known).lacks, HasSubstr("ledger is off"));
    window.routes.front().cpu -= kSecond;
    EXPECT_EQ(too_few_threads(window, known).advice.size(), 1U);
}

TEST_F(TooFewThreads, WithoutAGilThereIsOneAndNoOptionForMore) {
    known = without_books();
    known.automatic = false;
    known.threads = known.most_threads = 1;
    Window window = seen(30 * kMs);
    window.routes.front().cpu = 59 * kSecond;
    const Advice advice = too_few_threads(window, known).advice.at(0);
    EXPECT_THAT(advice.title + advice.finding, testing::Not(HasSubstr("GIL")));
    EXPECT_THAT(advice.do_this, HasSubstr("PYTHON_GIL=1"));
    EXPECT_THAT(advice.do_this, testing::Not(HasSubstr("--threads auto")));
    EXPECT_EQ(number(advice, "gil_share_of_time"), -1.0);
}

TEST(QueueRejecting, SpeaksOfTheFirstOne) {
    Window window = test::window({route("/", 1000, {.hold = kMs})});
    EXPECT_TRUE(queue_rejecting(window, facts()).advice.empty());
    window.rejected[static_cast<std::size_t>(Rejection::malformed)] = 5;
    EXPECT_TRUE(queue_rejecting(window, facts()).advice.empty());
    window.rejected[static_cast<std::size_t>(Rejection::queue_timeout)] = 1;
    ASSERT_EQ(queue_rejecting(window, facts()).advice.size(), 1U);
    EXPECT_EQ(queue_rejecting(window, facts()).advice.front().severity, Severity::warning);
    Facts facts = test::facts();
    facts.automatic = false;
    EXPECT_THAT(queue_rejecting(window, facts).advice.front().do_this, HasSubstr("--threads auto"));
    facts.automatic = true;
    facts.controller = "one more, as requests wait";
    EXPECT_THAT(queue_rejecting(window, facts).advice.front().do_this, HasSubstr("one more, as"));
    facts.most_threads = facts.threads;
    EXPECT_THAT(queue_rejecting(window, facts).advice.front().do_this, HasSubstr("why the bound is so low"));
}

TEST(QueueRejecting, SaysNothingThatNobodyKnows) {
    Window window = test::window({route("/", 1000, {.off = 10 * kMs, .cpu = 10 * kMs})});
    window.rejected[static_cast<std::size_t>(Rejection::queue_full)] = 3;
    const Advice off = queue_rejecting(window, with_the_ledger_off()).advice.at(0);
    EXPECT_THAT(off.finding, HasSubstr("is not known"));
    EXPECT_THAT(off.finding, testing::Not(HasSubstr("room")));
    EXPECT_EQ(number(off, "gil_share_of_time"), -1.0);
    const Advice none = queue_rejecting(window, without_books()).advice.at(0);
    EXPECT_THAT(none.finding, testing::Not(HasSubstr("GIL")));
    EXPECT_THAT(none.do_this, HasSubstr("PYTHON_GIL=1"));
    EXPECT_EQ(number(none, "gil_share_of_time"), -1.0);
    EXPECT_NEAR(number(none, "cpu_share"), 10 / 120.0, 1e-9);
}

TEST(QueueRejecting, ALoopIsNotHelpedByThreads) {
    Window window = test::window({route("/", 1000, {.hold = kMs, .by_loop = true})});
    window.rejected[static_cast<std::size_t>(Rejection::queue_full)] = 3;
    const Advice advice = queue_rejecting(window, facts()).advice.at(0);
    EXPECT_THAT(advice.do_this, HasSubstr("loop_full"));
    EXPECT_THAT(advice.do_this, testing::Not(HasSubstr("thread")));
}

TEST(QueueRejecting, SaysWhatIsFull) {
    Window window = test::window({route("/", 1000, {.hold = 54 * kMs})});
    window.rejected[static_cast<std::size_t>(Rejection::queue_full)] = 3;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).do_this, HasSubstr("ceiling"));
    window.held -= kSecond;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).finding, HasSubstr("the GIL is held 88 %"));
    window.cpu = 108 * kSecond;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).do_this, HasSubstr("Add CPUs"));
}

}  // namespace
}  // namespace baton::advisor
