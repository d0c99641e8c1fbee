#include "server/dispatch/exchange.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "server/dispatch/inbox.hpp"
#include "server/dispatch/work_queue.hpp"

namespace baton::dispatch {
namespace {

struct Counter final : ExchangeObserver {
    int events = 0;
    void exchange_event() override { ++events; }
};

TEST(Exchange, IsClaimedOrExpiredNeverBoth) {
    Inbox inbox([] {});
    for (int i = 0; i < 2000; ++i) {
        const ExchangePtr x(new Exchange(inbox));
        bool claimed = false;
        std::thread other([&] { claimed = x->claim(5); });
        const bool expired = x->expire();
        other.join();
        ASSERT_NE(claimed, expired);
        ASSERT_EQ(x->timeline.claimed, claimed ? 5 : 0);
    }
}

TEST(Exchange, DoneImpliesACompleteResponse) {
    Inbox inbox([] {});
    const ExchangePtr x(new Exchange(inbox));
    x->start = "body";
    x->done({.gil_hold = 7}, 9);
    EXPECT_EQ(x->events(), Exchange::kCommitted | Exchange::kFinished | Exchange::kDone);
    EXPECT_EQ(x->books().gil_hold, 7);
    std::string out;
    EXPECT_EQ(x->pipe().try_take(out), http::BodyPipe::Read::end);
}

TEST(Inbox, CoalescesAndKeepsTheOrder) {
    int woken = 0;
    Inbox inbox([&] { ++woken; });
    const ExchangePtr first(new Exchange(inbox));
    const ExchangePtr second(new Exchange(inbox));
    Counter a, b;
    first->observer = &a;
    second->observer = &b;
    ASSERT_TRUE(inbox.prepare_sleep(false));
    first->notify();
    first->notify();
    second->notify();
    EXPECT_EQ(woken, 1) << "one wake-up a sleep";
    EXPECT_FALSE(inbox.prepare_sleep(false)) << "there is mail";
    EXPECT_TRUE(inbox.drain());
    EXPECT_EQ(a.events, 1);
    EXPECT_EQ(b.events, 1);
    EXPECT_FALSE(inbox.drain());
    first->notify();
    EXPECT_EQ(woken, 1) << "awake: nobody to wake";
    EXPECT_TRUE(inbox.drain());
    EXPECT_EQ(a.events, 2);
}

TEST(Inbox, FreesWhatNobodyFetches) {
    Inbox inbox([] {});
    ExchangePtr x(new Exchange(inbox));
    x->notify();
    x.reset();  // the inbox has the last reference; the leak checker of the address sanitizer is the judge
}

TEST(WorkQueue, HoldsWhatItIsToldToHold) {
    Inbox inbox([] {});
    WorkQueue queue(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(new Exchange(inbox)));
    EXPECT_FALSE(queue.push(new Exchange(inbox)));
    EXPECT_EQ(queue.length(), 3U);
    EXPECT_TRUE(queue.try_pop(1));
    EXPECT_TRUE(queue.push(new Exchange(inbox)));
}

TEST(WorkQueue, WakesAThreadOnlyWhenNoneWillComeByItself) {
    Inbox inbox([] {});
    WorkQueue queue(10);
    std::atomic<int> woken{0};
    std::thread worker([&] {
        while (queue.park()) {
            ++woken;
            while (queue.try_pop(now())) {
            }
        }
    });
    while (queue.idle_threads() == 0) std::this_thread::yield();
    const Nanoseconds at = now();
    const ExchangePtr claimed(new Exchange(inbox));
    claimed->route = 3;
    queue.tempo().note(3, 5'000, 4'000);
    queue.push(claimed);
    queue.try_pop(at);  // somebody is at it, and will soon be done
    queue.push(new Exchange(inbox));
    EXPECT_TRUE(queue.flush(at + 1)) << "look again soon";
    EXPECT_EQ(woken, 0);
    queue.flush(at + 10'000'000);
    while (queue.length() > 0) std::this_thread::yield();
    EXPECT_EQ(woken, 1);
    queue.close();
    worker.join();
}

TEST(WorkQueue, DoesNotCountOnAThreadThatHasGoneToRest) {
    Inbox inbox([] {});
    WorkQueue queue(10);
    queue.tempo().note(3, 5'000, 4'000);
    const Nanoseconds at = now();
    std::thread worker([&] {
        while (queue.park()) {
            while (queue.try_pop(at)) {
            }
        }
    });
    for (int i = 0; i < 3; ++i) {
        while (queue.idle_threads() == 0) std::this_thread::yield();
        const ExchangePtr next(new Exchange(inbox));
        next->route = 3;
        queue.push(next);
        queue.flush(at + 1);  // by its clock the last claim was a nanosecond ago
        while (queue.length() > 0) std::this_thread::yield();  // for ever, were nobody woken
    }
    queue.close();
    worker.join();
}

TEST(WorkQueue, DoesNotCountOnAThreadInALongOrUnknownRequest) {
    for (const std::uint32_t route : {0U, 4U}) {
        Inbox inbox([] {});
        WorkQueue queue(10);
        queue.tempo().note(route, 20'000'000, 4'000);
        std::thread worker([&] {
            while (queue.park()) {
                while (queue.try_pop(now())) {
                }
            }
        });
        while (queue.idle_threads() == 0) std::this_thread::yield();
        const ExchangePtr claimed(new Exchange(inbox));
        claimed->route = route;
        queue.push(claimed);
        const Nanoseconds at = now();
        queue.try_pop(at);
        queue.push(new Exchange(inbox));
        queue.flush(at + 1);
        while (queue.length() > 0) std::this_thread::yield();  // for ever, were nobody woken
        queue.close();
        worker.join();
    }
}

TEST(WorkQueue, OneRequestWakesOneThreadHoweverLongItTakesToCome) {
    Inbox inbox([] {});
    WorkQueue queue(10);
    std::atomic<int> woken{0};
    std::atomic<bool> may_pop{false};
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i)
        workers.emplace_back([&] {
            while (queue.park()) {
                ++woken;
                while (!may_pop) std::this_thread::yield();  // as if in line for the GIL
                while (queue.try_pop(now())) {
                }
            }
        });
    while (queue.idle_threads() < 3) std::this_thread::yield();
    queue.push(new Exchange(inbox));
    for (int i = 0; i < 50; ++i) queue.flush(now());
    queue.released();
    EXPECT_EQ(queue.idle_threads(), 2U);
    queue.push(new Exchange(inbox));
    for (int i = 0; i < 50; ++i) queue.flush(now());
    EXPECT_EQ(queue.idle_threads(), 1U) << "a second request is worth a second thread";
    may_pop = true;
    while (queue.length() > 0) std::this_thread::yield();
    queue.close();
    for (std::thread& worker : workers) worker.join();
}

TEST(WorkQueue, LosesNothingBetweenManyThreads) {
    constexpr int kEach = 20'000;
    Inbox inbox([] {});
    WorkQueue queue(64);
    std::atomic<int> served{0};
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i)
        workers.emplace_back([&] {
            do {
                while (queue.try_pop(now())) {
                    ++served;
                    if (served % 7 == 0) queue.released();
                }
            } while (queue.park());
        });
    std::vector<std::thread> producers;
    for (int i = 0; i < 2; ++i)
        producers.emplace_back([&] {
            for (int k = 0; k < kEach;) {
                if (queue.push(new Exchange(inbox))) ++k;
                queue.flush(now());
            }
            // As an I/O thread does: look again until somebody has taken everything.
            while (queue.length() > 0) queue.flush(now());
        });
    for (std::thread& producer : producers) producer.join();
    queue.close();
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(served, 2 * kEach);
}

}  // namespace
}  // namespace baton::dispatch
