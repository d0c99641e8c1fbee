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

TEST_F(TooFewThreads, NeedsNoBooks) {
    Facts facts = without_books();
    facts.threads = facts.most_threads = 2;
    EXPECT_EQ(too_few_threads(seen(30 * kMs), facts).advice.size(), 1U);
    EXPECT_TRUE(too_few_threads(test::window({}), facts).lacks);
}

TEST(QueueRejecting, SpeaksOfTheFirstOne) {
    Window window = test::window({route("/", 1000, {.hold = kMs})});
    EXPECT_TRUE(queue_rejecting(window, facts()).advice.empty());
    window.rejected[static_cast<std::size_t>(Rejection::malformed)] = 5;
    EXPECT_TRUE(queue_rejecting(window, facts()).advice.empty());
    window.rejected[static_cast<std::size_t>(Rejection::queue_timeout)] = 1;
    ASSERT_EQ(queue_rejecting(window, facts()).advice.size(), 1U);
    EXPECT_EQ(queue_rejecting(window, facts()).advice.front().severity, Severity::warning);
    EXPECT_THAT(queue_rejecting(window, facts()).advice.front().do_this, HasSubstr("More threads"));
}

TEST(QueueRejecting, SaysWhatIsFull) {
    Window window = test::window({route("/", 1000, {.hold = 54 * kMs})});
    window.rejected[static_cast<std::size_t>(Rejection::queue_full)] = 3;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).do_this, HasSubstr("ceiling"));
    window.held -= kSecond;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).do_this, HasSubstr("More threads"));
    window.cpu = 108 * kSecond;
    EXPECT_THAT(queue_rejecting(window, facts()).advice.at(0).do_this, HasSubstr("Add CPUs"));
}

}  // namespace
}  // namespace baton::advisor
