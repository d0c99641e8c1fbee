// The policy `latency` on a lock with CPython's own calls: real threads, real futexes.
#include "interp/gil/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "interp/gil/clock.hpp"
#include "interp/gil/protocol.hpp"
#include "interp/gil/registry.hpp"
#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

class WithPolicy {
  public:
    explicit WithPolicy(Policy policy) : before_(baton::gil::policy()) { set_policy(policy); }
    ~WithPolicy() { set_policy(before_); }
    WithPolicy(const WithPolicy&) = delete;
    WithPolicy& operator=(const WithPolicy&) = delete;

  private:
    Policy before_;
};

// What an interpreter does: computes, and lets go when it is asked to.
void compute(FakeGil& gil, const std::atomic<bool>& end, const std::function<void()>& turned = [] {}) {
    begin_request(1, now());
    while (!end) {
        gil.take();
        while (!gil.drop_requested() && !end) busy(5'000);
        gil.drop();
        turned();
    }
}

Totals short_beside_computing(Policy policy) {
    const WithPolicy with(policy);
    FakeGil gil;
    std::atomic<bool> end{false};
    std::vector<std::thread> computing;
    for (int i = 0; i < 3; ++i) computing.emplace_back([&] { compute(gil, end); });
    pause(30 * kMillisecond);  // long enough to have become long ones
    Totals books;
    std::thread short_one([&] {
        const Watch watch;
        for (int i = 0; i < 40; ++i) {
            begin_request(2, now());
            gil.take();
            busy(20'000);
            gil.drop();
            pause(kMillisecond);
        }
        books = watch.books();
    });
    short_one.join();
    end = true;
    for (std::thread& thread : computing) thread.join();
    return books;
}

TEST(Scheduler, AShortOneWaitsMuchLessThanByCPythonsOwnRules) {
    const Totals latency = short_beside_computing(Policy::latency);
    const Totals cpython = short_beside_computing(Policy::cpython);
    EXPECT_EQ(latency.takes, 40);
    EXPECT_EQ(cpython.takes, 40);
    EXPECT_LT(2 * latency.waited, cpython.waited);
}

TEST(Scheduler, ComputingThreadsTakeTurns) {
    const WithPolicy with(Policy::latency);
    FakeGil gil;
    std::atomic<bool> end{false};
    std::vector<Totals> books(3);
    std::latch enough(3);  // all have had their share
    std::vector<std::thread> threads;
    for (Totals& book : books) {
        threads.emplace_back([&] {
            const Watch watch;
            bool counted = false;
            compute(gil, end, [&] {
                const Totals so_far = watch.books();
                if (counted || so_far.takes <= 3 || so_far.held <= 20 * kMillisecond) return;
                counted = true;
                enough.count_down();
            });
            book = watch.books();
        });
    }
    for (int tries = 0; tries < 3000 && !enough.try_wait(); ++tries) pause(10 * kMillisecond);
    end = true;
    for (std::thread& thread : threads) thread.join();
    for (const Totals& book : books) {
        EXPECT_GT(book.takes, 3);
        EXPECT_GT(book.held, 20 * kMillisecond);
        EXPECT_EQ(book.takes, book.forced + book.voluntary);
    }
}

std::int64_t blame_on(Tag holding, Tag waiting) {
    std::int64_t sum = 0;
    for (const Snapshot& each : snapshot()) {
        for (const Blame& blame : each.blame)
            sum += blame.waiting == waiting && blame.holding == holding ? blame.nanoseconds : 0;
    }
    return sum;
}

// An entry keeps the sums of GILs that were there before; these tags are this test's alone.
TEST(Scheduler, BlameAddsUpToTheWaits) {
    constexpr Tag kBase = 40;
    const WithPolicy with(Policy::latency);
    FakeGil gil;
    std::atomic<bool> end{false};
    std::atomic<std::int64_t> waited{0};
    std::vector<std::thread> threads;
    for (Tag number = 1; number <= 4; ++number) {
        threads.emplace_back([&, number] {
            const Watch watch;
            while (!end) {
                await_request();
                gil.take();
                begin_request(kBase + number, now());
                busy(number * 100'000);
                gil.drop();
                pause(50'000);
                gil.take();
                end_request(now());
                gil.drop();
            }
            waited += watch.books().waited;
        });
    }
    pause(200 * kMillisecond);
    // On a busy machine these two may not have met yet.
    for (int tries = 0; tries < 3000 && blame_on(kBase + 4, kBase + 2) == 0; ++tries)
        pause(10 * kMillisecond);
    end = true;
    for (std::thread& thread : threads) thread.join();
    std::int64_t blamed = 0, longest = 0;
    for (const Snapshot& each : snapshot()) {
        for (const Blame& blame : each.blame) {
            EXPECT_NE(blame.waiting, kNotKnownYet);
            EXPECT_NE(blame.holding, kNotKnownYet);
            if (blame.waiting <= kBase || blame.waiting > kBase + 4) continue;
            blamed += blame.nanoseconds;
        }
        for (const LongestHold& hold : each.longest) {
            if (hold.tag == kBase + 4) longest = hold.nanoseconds;
        }
    }
    EXPECT_LE(blamed, waited);
    // What is missing: hand-overs after which a thread was off for something else.
    EXPECT_GE(blamed, waited / 2);
    EXPECT_GT(blame_on(kBase + 4, kBase + 2), 0);
    EXPECT_GE(longest, 400'000);
}

std::int64_t longest_hold(Tag tag) {
    std::int64_t longest = 0;
    for (const Snapshot& gil : snapshot()) {
        for (const LongestHold& hold : gil.longest) {
            if (hold.tag == tag) longest = std::max(longest, hold.nanoseconds);
        }
    }
    return longest;
}

// A thread that keeps the lock from request to request: each has its own part of the hold.
TEST(Scheduler, TheLongestHoldIsThatOfTheRequestThatHeld) {
    FakeGil gil;
    await_request();
    gil.take();
    begin_request(51, now());
    busy(4 * kMillisecond);
    begin_request(52, now());
    begin_request(52, now());
    end_request(now());
    gil.drop();
    EXPECT_GE(longest_hold(51), 4 * kMillisecond);
    EXPECT_LT(longest_hold(52), longest_hold(51));
}

TEST(Scheduler, ThePolicyMayChangeWhileThreadsWait) {
    const WithPolicy with(Policy::cpython);
    FakeGil gil;
    std::atomic<bool> end{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { compute(gil, end); });
    for (int i = 0; i < 50; ++i) {
        set_policy(i % 2 == 0 ? Policy::latency : Policy::cpython);
        pause(2 * kMillisecond);
    }
    end = true;
    for (std::thread& thread : threads) thread.join();
}

// Were the lock's mutex not given back in a wait that is over already, the holder could never let go.
TEST(Scheduler, DeadlinesThatHavePassedAndFarOnesDoNotStopAnything) {
    const WithPolicy with(Policy::latency);
    for (const std::int64_t patience :
         {std::int64_t{-1'000'000}, std::int64_t{0}, 7200 * std::int64_t{1'000'000'000}}) {
        FakeGil gil;
        gil.set_patience(patience);
        std::atomic<bool> end{false};
        std::atomic<int> turns{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                while (!end) {
                    gil.take();
                    busy(20'000);
                    ++turns;
                    gil.drop();
                }
            });
        }
        while (turns < 200) std::this_thread::yield();
        end = true;
        for (std::thread& thread : threads) thread.join();
    }
}

// As at the end of an interpreter: daemon threads wait, the GIL is held, and is destroyed under them.
TEST(Scheduler, WhoWaitsWhenTheGilIsDestroyedIsSentAwayFirst) {
    const WithPolicy with(Policy::latency);
    FakeGil gil;
    gil.take();
    std::atomic<int> sent_away{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 5; ++i) {
        threads.emplace_back([&] {
            if (!gil.take()) ++sent_away;
        });
    }
    while (waiters_of_all_gils() < 5) std::this_thread::yield();
    gil.end();
    gil.destroy();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sent_away, 5);
    gil.create();
}

TEST(Scheduler, TheChildOfAForkHasAnEmptyLine) {
    const WithPolicy with(Policy::latency);
    FakeGil gil;
    gil.take();
    std::thread waiting([&] {
        gil.take();
        gil.drop();
    });
    while (waiters_of_all_gils() == 0) std::this_thread::yield();
    EXPECT_TRUE(holds_in_child([&] {
        gil.create();  // as recreate_gil() does
        gil.take();
        gil.drop();
        gil.take();
        return waiters_of_all_gils() == 0;
    }));
    gil.drop();
    waiting.join();
}

TEST(Scheduler, LongHoldsAreTold) {
    const WithPolicy with(Policy::latency);
    FakeGil gil;
    std::atomic<std::int64_t> told{0};
    on_long_hold(
        2 * kMillisecond,
        [](void* sum, LongHold hold) { *static_cast<std::atomic<std::int64_t>*>(sum) += hold.nanoseconds; },
        &told);
    gil.take();
    gil.drop();
    EXPECT_EQ(told, 0);
    gil.take();
    busy(3 * kMillisecond);
    gil.drop();
    EXPECT_GE(told, 3 * kMillisecond);
    on_long_hold(0, nullptr, nullptr);
    const std::int64_t before = told;
    gil.take();
    busy(3 * kMillisecond);
    gil.drop();
    EXPECT_EQ(told, before);
}

// Of the thread that made it.
struct Told {
    const std::thread::id by = std::this_thread::get_id();
    LongHold hold;

    Told() {
        on_long_hold(
            2 * kMillisecond,
            [](void* told, LongHold ended) {
                auto& self = *static_cast<Told*>(told);
                if (self.by == std::this_thread::get_id()) self.hold = ended;
            },
            this);
    }
    ~Told() { on_long_hold(0, nullptr, nullptr); }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;
};

TEST(Scheduler, OfALongHoldItIsToldHowMuchOfItWasUnheeded) {
    for (const Policy policy : {Policy::latency, Policy::cpython}) {
        const WithPolicy with(policy);
        FakeGil gil;
        const Told told;
        gil.take();
        busy(3 * kMillisecond);
        gil.drop();
        EXPECT_GE(told.hold.nanoseconds, 3 * kMillisecond);
        EXPECT_EQ(told.hold.unheeded, 0) << "nobody had asked";
        gil.take();
        busy(3 * kMillisecond);
        std::thread asking([&] {
            gil.take();
            gil.drop();
        });
        while (!gil.drop_requested()) std::this_thread::yield();
        busy(5 * kMillisecond);
        gil.drop();
        asking.join();
        EXPECT_GE(told.hold.unheeded, 5 * kMillisecond);
        EXPECT_LE(told.hold.unheeded, told.hold.nanoseconds - 3 * kMillisecond);
    }
}

}  // namespace
}  // namespace baton::gil::test
