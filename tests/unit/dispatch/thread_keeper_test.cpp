#include "server/dispatch/thread_keeper.hpp"

#include <gtest/gtest.h>

#include "server/dispatch/inbox.hpp"
#include "server/dispatch/work_queue.hpp"

namespace baton::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

// A pool that counts only; its threads are all in long requests.
struct Keeper {
    explicit Keeper(ThreadLimits limits, std::size_t room = 1000)
        : room_(room), keeper(limits, queue, sources()) {}

    ThreadKeeperSources sources() {
        return {.size = [this] { return size.load(); },
                .grow =
                    [this](std::size_t threads) {
                        const std::size_t made = std::min(threads, room_ - size);
                        size += made;
                        return made;
                    },
                .retire = [](std::size_t) { return std::size_t{0}; },
                .gil = [this] { return GilUse{exact, 0, 0, 0}; },
                .python_cpu = [] { return Nanoseconds{0}; },
                .began = [this] { ++began; },
                .ending = [this] { ++ended; }};
    }
    void push() { ASSERT_TRUE(queue.push(ExchangePtr(new Exchange(inbox)))); }
    bool wait_for(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            queue.flush(now());
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    std::uint64_t decisions(ThreadReason reason) const {
        return keeper.report().decisions[static_cast<std::size_t>(reason)];
    }

    std::size_t room_;
    bool exact = true;
    std::atomic<std::size_t> size{0};
    std::atomic<int> began{0};
    std::atomic<int> ended{0};
    Inbox inbox{[] {}};
    WorkQueue queue{100};
    ThreadKeeper keeper;
};

TEST(ThreadKeeper, AFixedNumberNeedsNoThread) {
    Keeper fixed({3, 3, 1});
    fixed.keeper.start();
    fixed.push();
    fixed.queue.flush(now());
    fixed.keeper.stop();
    EXPECT_EQ(fixed.size, 3U);
    EXPECT_EQ(fixed.began, 0);
    EXPECT_EQ(fixed.keeper.report().reason, ThreadReason::fixed);
    EXPECT_FALSE(fixed.keeper.report().limits.automatic());
}

TEST(ThreadKeeper, GrowsToTheMaximumWhileNobodyTakesTheRequests) {
    Keeper crowd({2, 40, 1});
    crowd.keeper.start();
    EXPECT_EQ(crowd.size, 2U);
    for (int i = 0; i < 50; ++i) crowd.push();
    EXPECT_TRUE(crowd.wait_for([&] { return crowd.decisions(ThreadReason::at_maximum) > 0; }));
    crowd.keeper.stop();
    EXPECT_EQ(crowd.size, 40U);
    EXPECT_EQ(crowd.began, 1);
    EXPECT_EQ(crowd.ended, 1);
    const ThreadReport report = crowd.keeper.report();
    EXPECT_EQ(report.reason, ThreadReason::at_maximum);
    EXPECT_EQ(report.change, 0);
    EXPECT_FALSE(report.text.empty());
    EXPECT_GT(report.at.time_since_epoch().count(), 0);
}

TEST(ThreadKeeper, WithoutTheLedgerItRisksLess) {
    Keeper blind({2, 40, 1});
    blind.exact = false;
    blind.keeper.start();
    for (int i = 0; i < 50; ++i) blind.push();
    EXPECT_TRUE(blind.wait_for([&] { return blind.decisions(ThreadReason::ledger_off) > 0; }));
    blind.keeper.stop();
    EXPECT_EQ(blind.size, 32U);
}

TEST(ThreadKeeper, ASystemThatRefusesThreadsIsNotAskedAgainAtOnce) {
    Keeper poor({2, 40, 1}, 5);
    poor.keeper.start();
    for (int i = 0; i < 50; ++i) poor.push();
    EXPECT_TRUE(poor.wait_for([&] { return poor.decisions(ThreadReason::refused) > 1; }));
    poor.keeper.stop();
    EXPECT_EQ(poor.size, 5U);
    EXPECT_EQ(poor.keeper.report().reason, ThreadReason::refused);
}

// A call out of turn, not the next period: flush() is what calls.
TEST(ThreadKeeper, TheQueueCallsWhenNobodyComes) {
    WorkQueue queue(10);
    Inbox inbox([] {});
    int calls = 0;
    queue.on_crowded([&] { ++calls; });
    queue.flush(now());
    EXPECT_EQ(calls, 0);
    ASSERT_TRUE(queue.push(ExchangePtr(new Exchange(inbox))));
    ASSERT_TRUE(queue.push(ExchangePtr(new Exchange(inbox))));
    const Nanoseconds at = now();
    ASSERT_TRUE(queue.try_pop(at));
    queue.flush(at + 500'000);  // one has just been taken
    EXPECT_EQ(calls, 0);
    queue.flush(at + 1'500'000);
    EXPECT_EQ(calls, 1);
    ASSERT_TRUE(queue.try_pop(at));
    queue.flush(at + 5'000'000);
    EXPECT_EQ(calls, 1);
}

TEST(WorkQueue, RetiresTheThreadThatIsIdleLongest) {
    WorkQueue queue(10);
    EXPECT_FALSE(queue.retire_one());
    const auto wait_for_idle = [&](std::size_t count) {
        while (queue.idle_threads() != count) std::this_thread::sleep_for(1ms);
    };
    std::atomic<int> ended{0};
    const auto park = [&](int number) {
        EXPECT_FALSE(queue.park());
        ended = ended * 10 + number;
    };
    std::thread first(park, 1);
    wait_for_idle(1);
    std::thread second(park, 2);
    wait_for_idle(2);
    queue.take_fewest_idle();
    EXPECT_EQ(queue.take_fewest_idle(), 2U);
    EXPECT_TRUE(queue.retire_one());
    first.join();
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(queue.idle_threads(), 1U);
    EXPECT_EQ(queue.take_fewest_idle(), 1U);
    queue.close();
    second.join();
    EXPECT_EQ(queue.take_fewest_idle(), 0U);
}

}  // namespace
}  // namespace baton::dispatch
