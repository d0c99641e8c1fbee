#include <gtest/gtest.h>

#include <random>

#include "interp/asgi/account.hpp"

namespace baton::interp::asgi {
namespace {

using Nanoseconds = dispatch::Nanoseconds;

Moment at(Nanoseconds time, const gil::Totals& totals = {}) {
    return {time, totals};
}

TEST(Account, WhatWaitsIsReadyUntilItRuns) {
    Account account;
    account.queued(100);
    EXPECT_EQ(account.books(at(130)).ready, 30);
    account.runs(at(150), true);
    EXPECT_TRUE(account.running());
    EXPECT_EQ(account.books(at(170)).ready, 50);
    account.rests(at(180), 7);
    EXPECT_FALSE(account.running());
    EXPECT_EQ(account.books(at(1000)).ready, 50) << "suspended is not ready";
    EXPECT_EQ(account.books().cpu, 7);
}

TEST(Account, ACallbackHasWhatTheThreadDidMeanwhile) {
    Account account;
    account.queued(100);
    account.runs(at(100, {.held = 40, .waited = 10, .lock_waited = 5, .takes = 3}), true);
    const gil::Totals then{.held = 90, .waited = 30, .lock_waited = 9, .takes = 4};
    const auto check = [](const dispatch::Books& books) {
        EXPECT_EQ(books.gil_hold, 50);
        EXPECT_EQ(books.gil_wait, 20);
        EXPECT_EQ(books.lock_wait, 4);
        EXPECT_EQ(books.acquisitions, 1U);
    };
    check(account.books(at(200, then)));
    account.rests(at(200, then), 0);
    check(account.books());
    // What others do on the thread later is theirs.
    check(account.books(at(300, {.held = 900, .waited = 900, .lock_waited = 900, .takes = 900})));
}

TEST(Account, TheWaitBeforeTheFirstCallbackIsItsOwn) {
    Account account;
    account.waited_before(0);
    EXPECT_EQ(account.books().acquisitions, 0U);
    account.waited_before(25);
    EXPECT_EQ(account.books().gil_wait, 25);
    EXPECT_EQ(account.books().acquisitions, 1U);
}

TEST(Account, ChildTasksThatWaitTogetherAreCountedOnce) {
    Account account;
    account.queued(100);
    account.queued(110);
    account.queued(120);
    account.runs(at(150), true);
    account.queued(155);  // while it runs
    account.rests(at(160), 0);
    // Three still wait, from the end of the first on.
    EXPECT_EQ(account.books(at(190)).ready, 50 + 30);
    account.runs(at(190), true);
    account.rests(at(200), 0);
    account.runs(at(210), true);
    account.rests(at(220), 0);
    account.runs(at(230), true);
    account.rests(at(240), 0);
    EXPECT_EQ(account.books(at(900)).ready, 50 + 30 + 10 + 10);
}

TEST(Account, AHandleThatIsTakenBackWaitsNoLonger) {
    Account account;
    account.queued(100);
    account.queued(110);
    account.cancelled(120);
    EXPECT_EQ(account.books(at(130)).ready, 30) << "one still waits";
    account.cancelled(140);
    EXPECT_EQ(account.books(at(500)).ready, 40);
    account.cancelled(600);
    account.queued(700);
    EXPECT_EQ(account.books(at(710)).ready, 50) << "one too many taken back is not a debt";
}

TEST(Account, TakenBackWhileItRunsIsNotReadyAfterwards) {
    Account account;
    account.runs(at(100), false);
    account.queued(110);
    account.cancelled(120);
    account.rests(at(130), 0);
    EXPECT_EQ(account.books(at(500)).ready, 0);
}

TEST(Account, ATimerIsReadyFromItsMomentOn) {
    Account account;
    account.runs(at(100), false);
    account.rests(at(200), 0);
    account.runs(at(300), false, 260);
    account.rests(at(310), 0);
    EXPECT_EQ(account.books().ready, 40);
    // Due while the request itself ran: ready since that callback's end.
    account.runs(at(330), false, 305);
    account.rests(at(340), 0);
    EXPECT_EQ(account.books().ready, 40 + 20);
    // Loops run timers a little early.
    account.runs(at(350), false, 353);
    account.rests(at(360), 0);
    EXPECT_EQ(account.books().ready, 40 + 20);
}

TEST(Account, ATimerMayHaveBeenDueBeforeAnotherWasQueued) {
    Account account;
    account.runs(at(100), false);
    account.rests(at(200), 0);
    account.queued(250);
    account.runs(at(300), false, 220);
    EXPECT_EQ(account.books(at(300)).ready, 80);
    account.rests(at(310), 0);
    account.runs(at(320), true);
    EXPECT_EQ(account.books(at(320)).ready, 80 + 10);
}

TEST(Account, WhatIsCountedAlreadyIsNotCountedForATimerAgain) {
    Account account;
    account.runs(at(100), false);
    account.rests(at(200), 0);
    account.queued(210);
    account.cancelled(280);  // by somebody else's callback
    account.runs(at(300), false, 205);
    EXPECT_LE(account.books(at(300)).ready, 100);
    EXPECT_GE(account.books(at(300)).ready, 70);
}

// Random courses, with a slow and sure count beside: which of the three is it, moment by moment?
class Course {
  public:
    Course(unsigned seed, bool others_cancel) : random_(seed), others_cancel_(others_cancel) {}

    void run() {
        for (int i = 0; i < 400; ++i) {
            pass(pick(0, 20));
            if (running_) {
                within();
            } else {
                between();
            }
            compare();
            if (::testing::Test::HasFatalFailure()) return;
        }
    }

  private:
    int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

    // Time goes by; where the GIL is concerned it is held, waited for, or in a lock, by turns.
    void pass(Nanoseconds span) {
        for (; span > 0; --span, ++now_) {
            const bool due = timer_ != 0 && now_ >= timer_;
            if (running_) {
                ++(pick(0, 1) == 0 ? totals_.held : pick(0, 1) == 0 ? totals_.waited : totals_.lock_waited);
                ++ran_;
            } else if (waiting_ > 0) {
                ++ready_;
            } else if (due) {
                ++late_;  // ready, which will be known when the timer runs
            }
        }
    }
    void within() {
        const int what = pick(0, 3);
        if (what == 0) queue();
        if (what == 1 && waiting_ > 0) cancel();
        if (what == 2 && timer_ == 0) timer_ = now_ + pick(1, 60);
        if (what == 3) {
            running_ = false;
            account_.rests(moment(), 0);
        }
    }
    void between() {
        const int what = pick(0, 3);
        if (what == 0) queue();
        if (what == 1 && waiting_ > 0 && others_cancel_) cancel();
        if (what == 2 && waiting_ > 0) {
            --waiting_;
            running_ = true;
            // The timer's moments before count only for a timer that runs.
            late_ = 0;
            account_.runs(moment(), true);
        }
        if (what == 3 && timer_ != 0 && now_ >= timer_) {
            running_ = true;
            ready_ += late_;
            late_ = 0;
            account_.runs(moment(), false, timer_);
            timer_ = 0;
        }
    }
    void queue() {
        ++waiting_;
        account_.queued(now_);
    }
    void cancel() {
        --waiting_;
        account_.cancelled(now_);
    }
    Moment moment() const { return {now_, totals_}; }

    void compare() {
        const dispatch::Books books = account_.books(moment());
        const Nanoseconds running = books.gil_hold + books.gil_wait + books.lock_wait;
        ASSERT_EQ(running, ran_) << "at " << now_;
        ASSERT_GE(books.ready, shown_) << "at " << now_;
        ASSERT_LE(books.ready + running, now_ - kBegin) << "at " << now_;
        if (!others_cancel_ && late_ == 0) {
            ASSERT_EQ(books.ready, ready_) << "at " << now_;
        }
        if (others_cancel_) {
            ASSERT_LE(books.ready, ready_ + late_) << "at " << now_;
        }
        shown_ = books.ready;
    }

    static constexpr Nanoseconds kBegin = 1000;
    std::mt19937 random_;
    const bool others_cancel_;
    Account account_;
    gil::Totals totals_;
    Nanoseconds now_ = kBegin;
    Nanoseconds timer_ = 0;
    Nanoseconds ran_ = 0, ready_ = 0, late_ = 0, shown_ = 0;
    int waiting_ = 0;
    bool running_ = false;
};

TEST(Account, ReadyRunningAndSuspendedAreAllOfTheTime) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        Course(seed, false).run();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(Account, WhateverOthersTakeBackNothingIsCountedTwice) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        Course(seed, true).run();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace baton::interp::asgi
