#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "interp/asgi/step.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using Nanoseconds = dispatch::Nanoseconds;

constexpr Nanoseconds kSecond = 1'000'000'000;

// A clock that is told of callbacks in the recent past: sums with what is going on stay small.
class LoopClockTest : public ::testing::Test {
  protected:
    Moment at(Nanoseconds after) const { return {base_ + after, totals_}; }
    Moment at_holding(Nanoseconds after, Nanoseconds held, Nanoseconds waited) {
        totals_.held += held;
        totals_.waited += waited;
        return at(after);
    }

    const Nanoseconds base_ = dispatch::now() - 100 * kSecond;
    gil::Totals totals_;
    LoopClock clock_;
};

TEST_F(LoopClockTest, BetweenCallbacksTheLoopIsIdleOrAtWork) {
    clock_.step_begins(at(0));
    clock_.step_ends(at(10));
    // 90 later; of these it held the GIL for 20 and waited for it for 30.
    clock_.step_begins(at_holding(100, 20, 30));
    EXPECT_EQ(clock_.idle(), 40);
    EXPECT_EQ(clock_.waited_between(), 30);
    clock_.step_ends(at(175));
    EXPECT_EQ(clock_.active(), 10 + 50 + 75);
    EXPECT_EQ(clock_.begun(), 0);
}

TEST_F(LoopClockTest, TheCallbackThatRunsIsCountedWhileItRuns) {
    clock_.step_begins(at(0));
    EXPECT_EQ(clock_.begun(), base_);
    EXPECT_EQ(clock_.serial(), 1U);
    EXPECT_GE(clock_.active(), 100 * kSecond);
    EXPECT_EQ(clock_.idle(), 0);
}

TEST_F(LoopClockTest, TheWaitThatGoesOnIsCounted) {
    clock_.step_begins(at(0));
    clock_.step_ends(at(kSecond));
    EXPECT_GE(clock_.idle(), 99 * kSecond);
    EXPECT_EQ(clock_.active(), kSecond);
}

TEST_F(LoopClockTest, SumsNeverGoDown) {
    clock_.step_begins(at(0));
    clock_.step_ends(at(kSecond));
    const Nanoseconds idle = clock_.idle();
    ASSERT_GE(idle, 99 * kSecond);
    // It turns out that it was at work.
    clock_.step_begins(at_holding(90 * kSecond, 89 * kSecond, 0));
    EXPECT_GE(clock_.idle(), idle);
    const Nanoseconds active = clock_.active();
    clock_.step_ends(at(91 * kSecond));
    EXPECT_GE(clock_.active(), active);
}

TEST_F(LoopClockTest, ItIsNotBusyForLongerThanTheTimeThatPassed) {
    clock_.step_begins(at(0));
    clock_.step_ends(at(10));
    clock_.step_begins(at_holding(20, 500, 500));
    EXPECT_EQ(clock_.idle(), 0);
    clock_.step_ends(at(30));
    EXPECT_EQ(clock_.active(), 30);
}

TEST_F(LoopClockTest, LatenessIsNeverNegative) {
    clock_.late_by(-5);
    clock_.late_by(2'000'000);
    const gil::Histogram lag = clock_.lag();
    EXPECT_EQ(lag.sum, 2'000'000);
    EXPECT_EQ(std::accumulate(lag.buckets.begin(), lag.buckets.end(), std::uint64_t{0}), 2U);
}

void spend(Nanoseconds span) {
    for (const Nanoseconds end = dispatch::now() + span; dispatch::now() < end;) {
    }
}

// In these the bounds below are sure on any machine, and so are the sums.
constexpr Nanoseconds kWhile = 3'000'000;

TEST(Step, ACallbackIsChargedToItsRequest) {
    test::HttpRoom room("GET / HTTP/1.1");
    Loop& loop = room.loop();
    const Nanoseconds active = loop.clock.active();
    const Nanoseconds before = room.http().account.books().gil_hold;
    {
        const Step step(loop, &room.http(), {});
        EXPECT_EQ(loop.request, &room.http());
        EXPECT_TRUE(room.http().account.running());
        spend(kWhile);
    }
    EXPECT_EQ(loop.request, nullptr);
    EXPECT_FALSE(room.http().account.running());
    EXPECT_GE(room.http().account.books().gil_hold - before, kWhile);
    EXPECT_GE(loop.clock.active() - active, kWhile);
}

TEST(Step, TheInnerOneHasTheTime) {
    test::HttpRoom room("GET / HTTP/1.1");
    Loop& loop = room.loop();
    const Nanoseconds before = room.http().account.books().gil_hold;
    const Nanoseconds begin = dispatch::now();
    Nanoseconds others = 0;
    {
        const Step outer(loop, &room.http(), {});
        {
            const Step inner(loop, nullptr, {});
            const Nanoseconds inner_begin = dispatch::now();
            EXPECT_EQ(loop.request, nullptr);
            EXPECT_FALSE(room.http().account.running());
            spend(kWhile);
            others = dispatch::now() - inner_begin;
        }
        EXPECT_EQ(loop.request, &room.http());
        EXPECT_TRUE(room.http().account.running());
    }
    EXPECT_EQ(loop.step, nullptr);
    EXPECT_LE(room.http().account.books().gil_hold - before, dispatch::now() - begin - others);
}

// Of the calling thread, as others read it; empty: none.
std::string request_now() {
    for (const gil::ThreadBook& book : gil::threads()) {
        if (book.request) return book.request->method + ' ' + book.request->path + ' ' + book.request->id;
    }
    return {};
}

TEST(Step, TheThreadIsListedWithTheRequestOfTheCallbackThatRuns) {
    test::HttpRoom room("PUT /of/loop?secret=1 HTTP/1.1");
    if (!gil::exact()) GTEST_SKIP() << "without books no thread is listed";
    room.exchange->id = "the-id";
    EXPECT_EQ(request_now(), "");
    {
        const Step outer(room.loop(), &room.http(), {});
        EXPECT_EQ(request_now(), "PUT /of/loop the-id");
        {
            const Step inner(room.loop(), nullptr, {});
            EXPECT_EQ(request_now(), "");
        }
        EXPECT_EQ(request_now(), "PUT /of/loop the-id");
    }
    EXPECT_EQ(request_now(), "");
}

TEST(Step, ACallbackAfterTheResponseIsNoRequests) {
    test::HttpRoom room("GET / HTTP/1.1");
    if (!gil::exact()) GTEST_SKIP() << "without books no thread is listed";
    room.exchange->id = "the-id";
    {
        const Step step(room.loop(), &room.http(), {});
        room.run("start()\nbody(b'x')");
        EXPECT_EQ(request_now(), "GET / the-id") << "its books are open until the callback ends";
    }
    const Step step(room.loop(), &room.http(), {});
    EXPECT_EQ(request_now(), "");
    room.http().returned();
}

TEST(Step, LatenessIsToldWhenItIsKnown) {
    test::LoopRoom room;
    LoopClock& clock = room.loop().clock;
    const auto count = [&] {
        const gil::Histogram lag = clock.lag();
        return std::accumulate(lag.buckets.begin(), lag.buckets.end(), std::uint64_t{0});
    };
    const std::uint64_t before = count();
    {
        const Step step(room.loop(), nullptr, {});
    }
    EXPECT_EQ(count(), before);
    const Nanoseconds sum = clock.lag().sum;
    {
        const Step step(room.loop(), nullptr, {false, dispatch::now() - kWhile});
    }
    EXPECT_EQ(count(), before + 1);
    EXPECT_GE(clock.lag().sum - sum, kWhile);
}

TEST(Step, TheExchangeIsLetGoAtTheEndOfTheCallbackThatAnswers) {
    test::HttpRoom room("GET / HTTP/1.1");
    EXPECT_EQ(room.loop().clock.requests(), 1U);
    {
        const Step step(room.loop(), &room.http(), {});
        room.run("start()\nbody(b'x')");
        EXPECT_NE(room.http().exchange(), nullptr);
        EXPECT_EQ(room.exchange->events() & dispatch::Exchange::kDone, 0U);
    }
    EXPECT_EQ(room.http().exchange(), nullptr);
    EXPECT_NE(room.exchange->events() & dispatch::Exchange::kDone, 0U);
    EXPECT_EQ(room.loop().clock.requests(), 1U) << "the application may go on";
    {
        const Step step(room.loop(), &room.http(), {});
        room.http().returned();
    }
    EXPECT_EQ(room.loop().clock.requests(), 0U);
}

}  // namespace
}  // namespace baton::interp::asgi
