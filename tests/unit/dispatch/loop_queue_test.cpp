#include "server/dispatch/loop_queue.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/dispatch/inbox.hpp"

namespace baton::dispatch {
namespace {

bool readable(const LoopQueue& queue, int patience = 0) {
    pollfd events{queue.fd(), POLLIN, 0};
    return ::poll(&events, 1, patience) == 1;
}

struct LoopQueueTest : testing::Test {
    ExchangePtr make() { return ExchangePtr(new Exchange(inbox)); }

    Inbox inbox{[] {}};
};

TEST_F(LoopQueueTest, HoldsWhatItIsToldToHold) {
    LoopQueue queue(2);
    EXPECT_TRUE(queue.push(make()));
    EXPECT_TRUE(queue.push(make()));
    EXPECT_FALSE(queue.push(make())) << "full";
    EXPECT_EQ(queue.length(), 2U);
    const ExchangePtr first = queue.take();
    EXPECT_EQ(queue.length(), 2U) << "not claimed yet";
    EXPECT_TRUE(queue.taken(*first));
    EXPECT_EQ(queue.length(), 1U);
    EXPECT_TRUE(queue.push(make()));
}

TEST_F(LoopQueueTest, GivesTheOldestFirst) {
    LoopQueue queue(8);
    const ExchangePtr a = make(), b = make(), c = make();
    queue.push(a);
    queue.push(b);
    EXPECT_EQ(queue.take(), a);
    queue.push(c);
    EXPECT_EQ(queue.take(), b);
    EXPECT_EQ(queue.take(), c);
    EXPECT_EQ(queue.take(), nullptr);
}

TEST_F(LoopQueueTest, WhatIsPutBackComesFirst) {
    LoopQueue queue(8);
    const ExchangePtr a = make(), b = make();
    queue.push(a);
    queue.push(b);
    queue.put_back(queue.take());
    EXPECT_EQ(queue.take(), a);
    EXPECT_EQ(queue.take(), b);
}

TEST_F(LoopQueueTest, NewsOfOneExchangeCoalescesAndIsNoNewRequest) {
    LoopQueue queue(8);
    const ExchangePtr x = make();
    queue.push(x);
    x->tell_application();
    EXPECT_EQ(queue.take(), x);
    EXPECT_TRUE(queue.taken(*x));
    EXPECT_EQ(queue.take(), nullptr) << "news of what was still waiting is no mail of its own";
    x->tell_application();
    x->tell_application();
    EXPECT_EQ(queue.take(), x);
    EXPECT_FALSE(queue.taken(*x));
    EXPECT_EQ(queue.length(), 0U);
    EXPECT_EQ(queue.take(), nullptr);
}

TEST_F(LoopQueueTest, OneWakeUpForAllMailSinceTheLoopRests) {
    LoopQueue queue(8);
    ASSERT_TRUE(queue.rest());
    queue.flush(0);
    EXPECT_FALSE(readable(queue)) << "no mail";
    queue.push(make());
    EXPECT_FALSE(readable(queue)) << "push() wakes nobody";
    queue.flush(0);
    EXPECT_TRUE(readable(queue));
    queue.begin();
    EXPECT_FALSE(readable(queue));
    queue.push(make());
    queue.flush(0);
    EXPECT_FALSE(readable(queue)) << "awake: nobody to wake";
    EXPECT_FALSE(queue.rest()) << "there is mail";
    while (queue.take()) {
    }
    EXPECT_TRUE(queue.rest());
}

TEST_F(LoopQueueTest, FreesWhatNobodyFetches) {
    const ExchangePtr x = make();
    {
        LoopQueue queue(8);
        queue.push(x);
        EXPECT_FALSE(x->renew()) << "the queue has it";
    }
    EXPECT_TRUE(x->renew());
}

// The loop sleeps whenever it may: a wake-up that is lost ends this in a time-out of its poll().
TEST_F(LoopQueueTest, LosesNoWakeUp) {
    constexpr int kRequests = 20'000;
    constexpr int kMore = 3;
    LoopQueue queue(kRequests);
    std::atomic<bool> slept_for_ever{false};
    std::vector<Exchange*> order;
    int news = 0;
    std::thread loop([&] {
        while (order.size() < kRequests) {
            if (!readable(queue, 20'000)) {
                slept_for_ever = true;
                return;
            }
            queue.begin();
            do {
                while (const ExchangePtr x = queue.take()) {
                    if (queue.taken(*x)) {
                        order.push_back(x.get());
                    } else {
                        ++news;
                    }
                }
            } while (!queue.rest());
        }
    });
    std::vector<ExchangePtr> pushed;
    pushed.reserve(kRequests);
    for (int i = 0; i < kRequests && !slept_for_ever; ++i) {
        pushed.push_back(make());
        ASSERT_TRUE(queue.push(pushed.back()));
        queue.flush(0);
        for (int n = 0; n < kMore; ++n) {
            pushed.back()->tell_application();
            queue.flush(0);
        }
    }
    loop.join();
    ASSERT_FALSE(slept_for_ever) << "after " << order.size() << " requests";
    for (int i = 0; i < kRequests; ++i) ASSERT_EQ(order[i], pushed[i].get()) << "the order";
    EXPECT_EQ(queue.length(), 0U);
    EXPECT_LE(news, kRequests * kMore);
}

}  // namespace
}  // namespace baton::dispatch
