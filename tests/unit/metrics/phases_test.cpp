#include "server/metrics/phases.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace baton::metrics {
namespace {

using dispatch::Books;
using dispatch::Timeline;

Nanoseconds sum(const Phases& phases) {
    return std::accumulate(phases.spent.begin(), phases.spent.end(), Nanoseconds{0});
}

TEST(Phases, EachSpanIsInItsPhase) {
    const Timeline timeline{.head = 1'000, .queued = 1'100, .claimed = 1'500, .done = 5'500, .sent = 6'000};
    const Books books{.gil_wait = 1'000, .gil_hold = 700, .lock_wait = 300, .ready = 400};
    const Phases result = phases(timeline, books);
    EXPECT_EQ(result.duration, 5'000);
    EXPECT_EQ(result[Phase::queue], 500);
    EXPECT_EQ(result[Phase::gil_wait], 1'000);
    EXPECT_EQ(result[Phase::gil_hold], 700);
    EXPECT_EQ(result[Phase::lock_wait], 300);
    EXPECT_EQ(result[Phase::ready], 400);
    EXPECT_EQ(result[Phase::off_gil], 1'600);
    EXPECT_EQ(result[Phase::send], 500);
}

TEST(Phases, SentBeforeTheApplicationReturned) {
    const Timeline timeline{.head = 1'000, .claimed = 1'000, .done = 3'000, .sent = 2'000};
    const Phases result = phases(timeline, {});
    EXPECT_EQ(result.duration, 2'000);
    EXPECT_EQ(result[Phase::send], 0);
    EXPECT_EQ(result[Phase::off_gil], 2'000);
}

TEST(Phases, NeverClaimedIsAllQueue) {
    const Phases result = phases({.head = 1'000, .queued = 1'200, .sent = 9'000}, {});
    EXPECT_EQ(result.duration, 8'000);
    EXPECT_EQ(result[Phase::queue], 8'000);
    EXPECT_EQ(sum(result), 8'000);
}

TEST(Phases, NothingSent) {
    const Phases result = phases({.head = 1'000, .claimed = 1'500, .done = 4'000}, {});
    EXPECT_EQ(result.duration, 3'000);
    EXPECT_EQ(result[Phase::send], 0);
}

TEST(Phases, BooksThatClaimTooMuchAreCut) {
    const Phases result = phases({.head = 1, .claimed = 1, .done = 101, .sent = 101},
                                 {.gil_wait = 60, .gil_hold = 70, .lock_wait = 50, .ready = 10});
    EXPECT_EQ(result[Phase::gil_hold], 70);
    EXPECT_EQ(result[Phase::gil_wait], 30);
    EXPECT_EQ(result[Phase::lock_wait], 0);
    EXPECT_EQ(result[Phase::ready], 0);
    EXPECT_EQ(result[Phase::off_gil], 0);
}

TEST(Phases, ReadyIsCutToWhatIsLeft) {
    const Phases result = phases({.head = 1, .claimed = 1, .done = 101, .sent = 101},
                                 {.gil_wait = 20, .gil_hold = 30, .lock_wait = 10, .ready = 90});
    EXPECT_EQ(result[Phase::ready], 40);
    EXPECT_EQ(result[Phase::off_gil], 0);
    EXPECT_EQ(sum(result), 100);
}

TEST(Phases, AHandshakeEndsWithThe101) {
    // The application goes on: its end is no part of it, whatever it says.
    const Timeline timeline{
        .head = 1'000, .queued = 1'000, .claimed = 1'200, .noted = 2'200, .done = 900'000, .sent = 950'000};
    const Phases result = handshake_phases(timeline, {.gil_hold = 600, .ready = 100}, 2'500);
    EXPECT_EQ(result.duration, 1'500);
    EXPECT_EQ(result[Phase::queue], 200);
    EXPECT_EQ(result[Phase::gil_hold], 600);
    EXPECT_EQ(result[Phase::ready], 100);
    EXPECT_EQ(result[Phase::off_gil], 300);
    EXPECT_EQ(result[Phase::send], 300);
}

TEST(Phases, AHandshakeWithoutBooksIsOffTheGil) {
    const Phases result = handshake_phases({.head = 1'000, .claimed = 1'200}, {}, 2'500);
    EXPECT_EQ(result.duration, 1'500);
    EXPECT_EQ(result[Phase::off_gil], 1'300);
    EXPECT_EQ(result[Phase::send], 0);
}

TEST(Phases, AlwaysAddUpToTheDuration) {
    std::mt19937_64 random(20'240'501);
    const auto any = [&](Nanoseconds most) {
        return static_cast<Nanoseconds>(random() % static_cast<unsigned>(most));
    };
    for (int i = 0; i < 100'000; ++i) {
        // Half of the timelines are in order, half are whatever clocks and faults could make of them.
        Timeline t{.head = 1 + any(1'000)};
        const bool ordered = any(2) == 0;
        t.queued = ordered ? t.head + any(1'000) : any(3'000);
        t.claimed = any(10) == 0 ? 0 : ordered ? t.queued + any(1'000) : any(3'000);
        t.done = ordered ? t.claimed + any(1'000) : any(3'000);
        t.sent = ordered ? t.done + any(1'000) : any(3'000);
        const Books books{.gil_wait = any(500) - 10,
                          .gil_hold = any(500) - 10,
                          .lock_wait = any(500) - 10,
                          .ready = any(500) - 10};
        const Phases result = phases(t, books);
        ASSERT_EQ(sum(result), result.duration);
        ASSERT_GE(result.duration, 0);
        for (const Nanoseconds part : result.spent) ASSERT_GE(part, 0);
    }
}

}  // namespace
}  // namespace baton::metrics
