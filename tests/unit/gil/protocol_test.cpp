// The calls of take_gil() and drop_gil() on a lock that is not CPython's: one thread's books, call by call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <semaphore.h>

#include <cerrno>
#include <numeric>
#include <thread>

#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

TEST(Protocol, CountsEveryTakeAndRelease) {
    FakeGil gil;
    const Watch watch;
    for (int i = 0; i < 100; ++i) {
        gil.take();
        gil.drop();
    }
    const Totals books = watch.books();
    EXPECT_EQ(books.takes, 100);
    EXPECT_EQ(books.voluntary, 100);
    EXPECT_EQ(books.forced, 0);
    EXPECT_EQ(books.contended, 0);
    EXPECT_EQ(books.waited, 0);
}

TEST(Protocol, AHoldIsTheTimeBetweenTakeAndRelease) {
    FakeGil gil;
    const Watch watch;
    gil.take();
    busy(2 * kMillisecond);
    gil.drop();
    const std::int64_t held = watch.books().held;
    EXPECT_GE(held, 2 * kMillisecond);
    EXPECT_LE(held, watch.wall());
    pause(2 * kMillisecond);
    EXPECT_EQ(watch.books().held, held) << "time after the release is not held";
}

TEST(Protocol, AHoldInProgressCounts) {
    FakeGil gil;
    gil.take();
    const Watch watch;
    busy(kMillisecond);
    EXPECT_GE(watch.books().held, kMillisecond);
    gil.drop();
}

TEST(Protocol, VisitsOfOthersAreIgnored) {
    FakeGil gil;
    gil.take();
    const Watch watch;
    busy(kMillisecond);
    gil.visit();  // by the holder
    busy(kMillisecond);
    const Totals held = watch.books();
    EXPECT_EQ(held.takes, 0);
    EXPECT_EQ(held.voluntary, 0);
    EXPECT_GE(held.held, 2 * kMillisecond) << "the hold goes on";
    gil.drop();
    const Totals before = watch.books();
    for (int i = 0; i < 200; ++i) gil.visit();  // by a thread without it
    const Totals after = watch.books();
    EXPECT_EQ(after.takes, before.takes);
    EXPECT_EQ(after.voluntary, before.voluntary);
    EXPECT_EQ(after.held, before.held);
}

TEST(Protocol, VisitsToAnotherGilDuringAHoldAreIgnored) {
    FakeGil mine;
    FakeGil other;
    mine.take();
    const Watch watch;
    for (int i = 0; i < 200; ++i) other.visit();
    other.drop();  // signals, though not what is held
    busy(kMillisecond);
    EXPECT_EQ(watch.books().takes, 0);
    EXPECT_GE(watch.books().held, kMillisecond);
    mine.drop();
    EXPECT_EQ(watch.books().voluntary, 1);
}

// Takes and drops the lock once, from another thread than the one that holds it.
std::thread ask_for(FakeGil& gil) {
    std::thread other([&gil] {
        gil.take();
        gil.drop();
    });
    while (!gil.drop_requested()) std::this_thread::yield();
    return other;
}

TEST(Protocol, AReleaseThatWasAskedForIsForced) {
    FakeGil gil;
    const Watch watch;
    gil.take();
    gil.hold_back();
    std::thread other = ask_for(gil);
    std::uint64_t waiters = 0;
    std::thread observer([&] {
        while (!gil.handing_over()) std::this_thread::yield();
        waiters = waiters_of_all_gils();
        pause(2 * kMillisecond);
        gil.let_take();
    });
    gil.drop();
    const Totals books = watch.books();
    other.join();
    observer.join();
    EXPECT_EQ(waiters, 2) << "the one that asked, and the one that hands over";
    EXPECT_EQ(books.forced, 1);
    EXPECT_EQ(books.voluntary, 0);
    EXPECT_GE(books.waited, 2 * kMillisecond) << "the hand-over is a wait for the GIL";
}

TEST(Protocol, AWithdrawnRequestWasStillOne) {
    FakeGil gil;
    gil.take();
    std::thread other = ask_for(gil);
    // Stops the thread before it looks for the request; the other takes the lock and withdraws it.
    on_release(
        [](void* argument) {
            while (static_cast<FakeGil*>(argument)->drop_requested()) std::this_thread::yield();
        },
        &gil);
    const Watch watch;
    gil.drop();
    on_release(nullptr, nullptr);
    other.join();
    EXPECT_EQ(watch.books().forced, 1);
    EXPECT_EQ(watch.books().voluntary, 0);
}

TEST(Protocol, ARequestIsForTheHolderAloneAndOnce) {
    FakeGil gil;
    gil.take();
    std::thread other = ask_for(gil);
    gil.drop();
    other.join();
    const Watch watch;
    gil.take();
    gil.drop();
    EXPECT_EQ(watch.books().forced, 0);
    EXPECT_EQ(watch.books().voluntary, 1);
}

TEST(Protocol, AfterTheHandOverTheThreadIsOff) {
    FakeGil gil;
    gil.take();
    std::thread other = ask_for(gil);
    gil.drop();
    const Watch watch;
    pause(2 * kMillisecond);
    EXPECT_EQ(watch.books().waited, 0);
    EXPECT_GE(watch.wall(), 2 * kMillisecond);
    other.join();
}

TEST(Protocol, WaitsForTheHolderAreContended) {
    FakeGil gil;
    gil.take();
    Totals books;
    std::thread other([&] {
        const Watch watch;
        gil.take();
        books = watch.books();
        gil.drop();
    });
    while (waiters_of_all_gils() == 0) std::this_thread::yield();
    busy(2 * kMillisecond);
    gil.drop();
    other.join();
    EXPECT_EQ(books.takes, 1);
    EXPECT_EQ(books.contended, 1);
    EXPECT_GE(books.waited, 2 * kMillisecond);
    EXPECT_EQ(waiters_of_all_gils(), 0);
}

TEST(Protocol, SemaphoresAreLockWaitsOnlyOffTheGil) {
    FakeGil gil;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    const auto wait_2_ms = [&] {
        timespec until{};
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 2 * kMillisecond;
        until.tv_sec += until.tv_nsec / 1'000'000'000;
        until.tv_nsec %= 1'000'000'000;
        errno = 0;
        EXPECT_EQ(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &until), -1);
        EXPECT_EQ(errno, ETIMEDOUT);
    };
    gil.take();
    const Watch watch;
    wait_2_ms();
    EXPECT_EQ(watch.books().lock_waited, 0) << "with the GIL it is part of the hold";
    EXPECT_GE(watch.books().held, kMillisecond);
    gil.drop();
    wait_2_ms();
    EXPECT_GE(watch.books().lock_waited, kMillisecond);
    sem_post(&semaphore);
    EXPECT_EQ(sem_wait(&semaphore), 0);
    sem_destroy(&semaphore);
}

TEST(Protocol, AThreadThatNeverTookAGilHasNoBooks) {
    Totals books;
    std::thread other([&] {
        sem_t semaphore;
        sem_init(&semaphore, 0, 1);
        sem_wait(&semaphore);
        sem_destroy(&semaphore);
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        books = this_thread();
    });
    other.join();
    EXPECT_EQ(books.takes, 0);
    EXPECT_EQ(books.held + books.waited + books.lock_waited, 0);
}

TEST(Protocol, TheReleaseHookRunsOutsideAllLocks) {
    FakeGil gil;
    struct Seen {
        FakeGil& gil;
        int calls = 0;
        std::int64_t held = 0;
    } seen{gil};
    on_release(
        [](void* argument) {
            auto& s = *static_cast<Seen*>(argument);
            ++s.calls;
            s.gil.visit();  // would never return if gil->mutex were locked
            s.held = this_thread().held;
            errno = EBADF;
        },
        &seen);
    gil.take();
    EXPECT_EQ(seen.calls, 0) << "not at a take";
    gil.visit();
    EXPECT_EQ(seen.calls, 0) << "not at a visit";
    errno = 0;
    gil.drop();
    EXPECT_EQ(seen.calls, 1);
    EXPECT_EQ(errno, 0);
    EXPECT_EQ(seen.held, this_thread().held) << "the hold had ended";
    std::thread other([&] {
        gil.take();
        gil.drop();
    });
    other.join();
    EXPECT_EQ(seen.calls, 1) << "the hook is the thread's that set it";
    on_release(nullptr, nullptr);
    gil.take();
    gil.drop();
    EXPECT_EQ(seen.calls, 1);
}

TEST(Histograms, EachHoldAndEachWaitIsInItsBucket) {
    FakeGil gil;
    gil.take();  // an earlier hand-over of this thread belongs to this take
    gil.drop();
    const std::vector<Snapshot> before_all = snapshot();
    gil.take();
    busy(20 * kMillisecond);
    gil.drop();
    gil.take();
    gil.drop();
    const std::vector<Snapshot> after_all = snapshot();
    std::size_t mine = 0;
    while (after_all[mine].totals.takes == before_all[mine].totals.takes) ASSERT_LT(++mine, after_all.size());
    const Snapshot& before = before_all[mine];
    const Snapshot& after = after_all[mine];
    const auto count = [](const Histogram& h) {
        return std::accumulate(h.buckets.begin(), h.buckets.end(), std::uint64_t{0});
    };
    const auto above_10_ms = [](const Histogram& h) {
        return std::accumulate(h.buckets.begin() + 10, h.buckets.end(), std::uint64_t{0});
    };
    EXPECT_EQ(kBounds[9], 10 * kMillisecond);
    EXPECT_EQ(count(after.holds) - count(before.holds), 2);
    EXPECT_EQ(count(after.waits) - count(before.waits), 2);
    EXPECT_GE(above_10_ms(after.holds) - above_10_ms(before.holds), 1);
    EXPECT_EQ(after.waits.buckets[0] - before.waits.buckets[0], 2) << "uncontended: nothing waited";
    EXPECT_EQ(after.holds.sum - before.holds.sum, after.totals.held - before.totals.held);
    EXPECT_EQ(after.waits.sum - before.waits.sum, after.totals.waited - before.totals.waited);
}

}  // namespace
}  // namespace baton::gil::test
