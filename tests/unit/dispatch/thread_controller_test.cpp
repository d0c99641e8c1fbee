#include "server/dispatch/thread_controller.hpp"

#include <gtest/gtest.h>

#include <set>

namespace baton::dispatch {
namespace {

constexpr ThreadLimits kLimits{2, 100, 2.0};

// Eight threads, all in requests that wait for something else, and five more requests.
ThreadObservation crowd() {
    ThreadObservation seen;
    seen.size = 8;
    seen.queued = 5;
    seen.held = 0.1;
    seen.cpu = 0.2;
    return seen;
}

void expect(const ThreadObservation& seen, std::size_t target, ThreadReason reason,
            const ThreadLimits& limits = kLimits) {
    const ThreadDecision decision = decide(seen, limits);
    EXPECT_EQ(decision.target, target) << word(decision.reason);
    EXPECT_EQ(word(decision.reason), word(reason));
}

TEST(ThreadController, AFixedNumberStays) {
    expect(crowd(), 8, ThreadReason::fixed, {8, 8, 2.0});
}

TEST(ThreadController, BeginsWithTheLeast) {
    ThreadObservation seen;
    expect(seen, 2, ThreadReason::started);
}

TEST(ThreadController, GrowsWhileRequestsQueueAndTheGilHasRoom) {
    ThreadObservation seen = crowd();
    expect(seen, 13, ThreadReason::queue);
    seen.queued = 1;
    expect(seen, 9, ThreadReason::queue);
    seen.queued = 1000;  // not more than twice as many at once
    expect(seen, 16, ThreadReason::queue);
    seen.size = 80;
    expect(seen, 100, ThreadReason::queue);
}

TEST(ThreadController, AThreadThatIsIdleIsEnoughForTheQueue) {
    ThreadObservation seen = crowd();
    seen.idle = 1;
    expect(seen, 8, ThreadReason::enough);
}

TEST(ThreadController, HoldsAtSaturation) {
    ThreadObservation seen = crowd();
    seen.held = 0.98;
    expect(seen, 8, ThreadReason::saturated);
    seen.held = 0.9;
    expect(seen, 13, ThreadReason::queue);  // nobody is in line: it is not full
    seen.waiting = 2.5;
    expect(seen, 8, ThreadReason::saturated);
    seen.held = 0.5;  // a line while the lock is often free: threads that come in bursts
    expect(seen, 13, ThreadReason::queue);
    seen.waiting = 4;  // a longer one: handing over is what takes the time
    expect(seen, 8, ThreadReason::saturated);
}

TEST(ThreadController, HoldsWhenTheCpuIsFull) {
    ThreadObservation seen = crowd();
    seen.cpu = 1.98;
    expect(seen, 8, ThreadReason::cpu_full);
    expect(seen, 13, ThreadReason::queue, {2, 100, 4.0});
}

TEST(ThreadController, HoldsAtTheMaximum) {
    ThreadObservation seen = crowd();
    expect(seen, 8, ThreadReason::at_maximum, {2, 8, 2.0});
    seen.crowded = true;
    expect(seen, 8, ThreadReason::at_maximum, {2, 8, 2.0});
}

TEST(ThreadController, KeepsOneWithinReachOfTheNextRequest) {
    ThreadObservation seen = crowd();
    seen.queued = 0;
    expect(seen, 9, ThreadReason::within_reach);
    seen.held = 0.99;  // the next request would wait for the GIL anyhow
    expect(seen, 8, ThreadReason::enough);
    seen.held = 0.1;
    expect(seen, 8, ThreadReason::enough, {2, 8, 2.0});
}

TEST(ThreadController, WhenCrowdedItGrowsAtOnce) {
    ThreadObservation seen = crowd();
    seen.crowded = true;
    seen.held = 0;
    expect(seen, 13, ThreadReason::within_reach);
    seen.size = 60;
    seen.queued = 1;
    expect(seen, 61, ThreadReason::within_reach);
    seen.queued = 0;  // taken meanwhile
    expect(seen, 60, ThreadReason::enough);
}

TEST(ThreadController, AFewMayOvertakeComputations) {
    ThreadObservation seen = crowd();
    seen.crowded = true;
    seen.held = 1;
    expect(seen, 13, ThreadReason::overtake);
    seen.queued = 1000;
    seen.size = 12;
    expect(seen, 16, ThreadReason::overtake);
    seen.size = 16;
    expect(seen, 16, ThreadReason::saturated);
    seen.held = 0;
    seen.waiting = 3;  // held again the moment after
    expect(seen, 16, ThreadReason::saturated);
    seen.waiting = 0;
    seen.cpu = 2;  // native code that has let go of the GIL
    expect(seen, 16, ThreadReason::cpu_full);
    seen.size = 2;
    seen.queued = 50;
    expect(seen, 3, ThreadReason::overtake, {2, 3, 2.0});
}

TEST(ThreadController, ShrinksSlowlyToTheMinimum) {
    ThreadObservation seen;
    seen.size = 50;
    seen.idle = 41;
    seen.spare = 41;
    expect(seen, 40, ThreadReason::idle);
    seen.spare = 2;
    expect(seen, 49, ThreadReason::idle);
    seen.spare = 1;  // the one that is within reach
    expect(seen, 50, ThreadReason::enough);
    seen.size = seen.idle = seen.spare = 3;
    expect(seen, 2, ThreadReason::idle);
    seen.size = seen.idle = seen.spare = 2;
    expect(seen, 2, ThreadReason::enough);
    seen.size = seen.idle = seen.spare = 100;
    expect(seen, 90, ThreadReason::idle, {90, 100, 2.0});
}

TEST(ThreadController, WithoutTheLedgerItGoesByCpuTimeUpToABound) {
    ThreadObservation seen = crowd();
    seen.exact = false;
    expect(seen, 13, ThreadReason::queue);
    seen.held = 0.92;
    expect(seen, 8, ThreadReason::saturated);
    seen.held = 0.1;
    seen.size = 31;
    expect(seen, 32, ThreadReason::queue);
    seen.size = 32;
    expect(seen, 32, ThreadReason::ledger_off);
    seen.crowded = true;
    expect(seen, 32, ThreadReason::ledger_off);
    seen.size = 31;
    expect(seen, 32, ThreadReason::within_reach);
    seen.size = 40;  // what the user wants at least comes first
    expect(seen, 40, ThreadReason::ledger_off, {40, 41, 2.0});
    seen.queued = 0;
    seen.crowded = false;
    seen.size = 32;
    expect(seen, 32, ThreadReason::enough);
}

// Whatever is seen, the bounds hold, growth is at most a doubling, and a refusal changes nothing.
TEST(ThreadController, NeverLeavesItsBounds) {
    const ThreadLimits limits{2, 20, 2.0};
    for (std::size_t size = 2; size <= 20; ++size)
        for (const std::size_t idle : {std::size_t{0}, size / 2, size})
            for (const std::size_t queued : {0, 1, 7, 1000})
                for (const std::size_t spare : {std::size_t{0}, idle})
                    for (const double held : {0.0, 0.9, 1.0})
                        for (const double waiting : {0.0, 5.0})
                            for (const double cpu : {0.0, 2.0})
                                for (const int flags : {0, 1, 2, 3}) {
                                    const ThreadObservation seen{
                                        (flags & 1) != 0, size, idle,    queued, spare,
                                        (flags & 2) != 0, held, waiting, cpu};
                                    const ThreadDecision decision = decide(seen, limits);
                                    ASSERT_GE(decision.target, limits.min);
                                    ASSERT_LE(decision.target, limits.max);
                                    ASSERT_LE(decision.target, 2 * size);
                                    ASSERT_TRUE(decision.target >= size ||
                                                decision.reason == ThreadReason::idle);
                                    ASSERT_TRUE(decision.target <= size || idle == 0);
                                }
}

TEST(ThreadController, EveryReasonHasAWordAndASentence) {
    std::set<std::string> said;
    for (std::size_t i = 0; i < kThreadReasons.size(); ++i) {
        const std::string text = explain(static_cast<ThreadReason>(i), crowd(), kLimits);
        EXPECT_TRUE(said.insert(text).second) << text;
        EXPECT_GT(text.size(), 10U) << kThreadReasons[i];
    }
    EXPECT_EQ(word(ThreadReason::idle), "idle");
    EXPECT_EQ(word(ThreadReason::within_reach), "within_reach");
    EXPECT_NE(explain(ThreadReason::queue, crowd(), kLimits).find("held 10 %"), std::string::npos);
    ThreadObservation blind = crowd();
    blind.exact = false;
    EXPECT_NE(explain(ThreadReason::saturated, blind, kLimits).find("ledger is off"), std::string::npos);
}

}  // namespace
}  // namespace baton::dispatch
