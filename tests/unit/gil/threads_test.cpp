// Several threads, several GILs, threads that end, and fork.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "interp/gil/protocol.hpp"
#include "interp/gil/registry.hpp"
#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

struct Turn {
    Totals books;
    std::int64_t wall = 0;
};

// A thread's turns at the lock, with and without time off it in between.
Turn run(FakeGil& gil, int rounds, std::int64_t held, std::int64_t off) {
    Turn turn;
    const Watch watch;
    for (int i = 0; i < rounds; ++i) {
        gil.take();
        busy(held);
        gil.drop();
        if (off > 0) pause(off);
    }
    turn.books = watch.books();
    turn.wall = watch.wall();
    return turn;
}

TEST(Threads, TheBooksOfCompetitorsFitTogether) {
    FakeGil gil;
    const Totals before = sum_of_all_gils();
    const std::int64_t start = wall_clock();
    std::vector<Turn> turns(3);
    {
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&, i] { turns[i] = run(gil, 100, 200'000, i == 2 ? 100'000 : 0); });
        }
        for (std::thread& thread : threads) thread.join();
    }
    const std::int64_t wall = wall_clock() - start;
    Totals sum;
    for (const Turn& turn : turns) {
        EXPECT_EQ(turn.books.takes, 100);
        EXPECT_EQ(turn.books.forced + turn.books.voluntary, 100);
        EXPECT_GE(turn.books.held, 100 * 200'000);
        EXPECT_LE(turn.books.held + turn.books.waited + turn.books.lock_waited, turn.wall);
        sum += turn.books;
    }
    EXPECT_GE(turns[2].wall - turns[2].books.held - turns[2].books.waited, 100 * 100'000);
    EXPECT_LE(sum.held, wall) << "one holder at a time";
    EXPECT_GT(sum.waited, 0);
    EXPECT_GT(sum.contended, 0);
    const Totals after = sum_of_all_gils();
    EXPECT_EQ(after.takes - before.takes, 300);
    EXPECT_EQ(after.held - before.held, sum.held);
    EXPECT_EQ(after.waited - before.waited, sum.waited);
}

TEST(Threads, SumsOfEndedThreadsStayAndTheirAccountsAreUsedAgain) {
    FakeGil gil;
    const auto accounts = [] {
        std::size_t count = 0;
        for (Gil* g = registry.first(); g != nullptr; g = g->next()) {
            for (Account* a = g->accounts(); a != nullptr; a = a->next_of_gil) ++count;
        }
        return count;
    };
    std::thread([&] { run(gil, 1, 0, 0); }).join();
    const std::size_t count = accounts();
    const Totals before = sum_of_all_gils();
    for (int i = 0; i < 50; ++i) {
        std::thread([&] {
            EXPECT_EQ(this_thread().takes, 0);
            run(gil, 2, 1000, 0);
            EXPECT_EQ(this_thread().takes, 2) << "not those of the thread before";
        }).join();
    }
    EXPECT_EQ(accounts(), count);
    EXPECT_EQ(sum_of_all_gils().takes, before.takes + 100);
    EXPECT_GE(sum_of_all_gils().held, before.held + 100 * 1000);
}

TEST(Threads, EachGilHasItsOwnSums) {
    FakeGil one;
    FakeGil two;
    const std::vector<Snapshot> before = snapshot();
    ASSERT_EQ(before.size(), snapshot().size());
    const Watch watch;
    run(one, 3, 0, 0);
    run(two, 5, 0, 0);
    run(one, 2, 0, 0);
    const std::vector<Snapshot> after = snapshot();
    std::vector<std::uint64_t> takes;
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (const auto more = after[i].totals.takes - before[i].totals.takes; more > 0) takes.push_back(more);
    }
    EXPECT_EQ(takes, (std::vector<std::uint64_t>{5, 5}));
    EXPECT_EQ(watch.books().takes, 10) << "a thread's books are those of all its GILs";
}

TEST(Threads, SnapshotsIncludeHoldsAndWaitsInProgress) {
    FakeGil gil;
    gil.take();
    std::thread other([&] {
        gil.take();
        gil.drop();
    });
    while (waiters_of_all_gils() == 0) std::this_thread::yield();
    const Totals before = sum_of_all_gils();
    pause(2 * kMillisecond);
    const Totals after = sum_of_all_gils();
    EXPECT_GE(after.held - before.held, 2 * kMillisecond);
    EXPECT_GE(after.waited - before.waited, 2 * kMillisecond);
    EXPECT_EQ(after.takes, before.takes);
    gil.drop();
    other.join();
}

TEST(Threads, SnapshotsNeverGoBack) {
    FakeGil gil;
    std::atomic<int> running{2};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            run(gil, 3000, 2000, 0);
            --running;
        });
    }
    Totals last;
    std::int64_t looks = 0;
    while (running > 0) {
        const Totals sum = sum_of_all_gils();
        ASSERT_GE(sum.held, last.held);
        ASSERT_GE(sum.waited, last.waited);
        ASSERT_GE(sum.takes, last.takes);
        ASSERT_GE(sum.voluntary, last.voluntary);
        ASSERT_GE(sum.forced, last.forced);
        last = sum;
        ++looks;
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(looks, 1);
}

// A reader may see a hold in progress for longer than the entry that ends it then says: the clock was read,
// and the thread stopped, before the entry was made.
TEST(Threads, WhatWasSaidIsNotTakenBack) {
    FakeGil gil;
    gil.take();
    const std::int64_t clock_was_read = wall_clock();
    pause(2 * kMillisecond);
    const Totals said = sum_of_all_gils();
    this_thread_state.account->released(clock_was_read, false);
    EXPECT_GE(sum_of_all_gils().held, said.held);
    gil.drop();
}

TEST(Fork, TheChildStartsAtZeroAndOthersAreGone) {
    FakeGil gil;
    gil.take();
    busy(kMillisecond);
    std::thread other([&] {
        gil.take();
        gil.drop();
    });
    while (waiters_of_all_gils() == 0) std::this_thread::yield();
    const std::uint64_t takes = this_thread().takes;
    EXPECT_TRUE(holds_in_child([&] {
        gil.create();  // as PyOS_AfterFork_Child() does; the new one is free
        if (waiters_of_all_gils() != 0) return false;
        gil.take();
        gil.drop();
        const Totals sum = sum_of_all_gils();
        return sum.takes == 2 && sum.voluntary == 2 && sum.contended == 0 &&
               this_thread().takes == takes + 1 && this_thread().held >= sum.held + kMillisecond;
    }));
    gil.drop();
    other.join();
}

TEST(Fork, TheHookStaysBehind) {
    FakeGil gil;
    int calls = 0;
    on_release([](void* count) { ++*static_cast<int*>(count); }, &calls);
    EXPECT_TRUE(holds_in_child([&] {
        gil.take();
        gil.drop();
        return calls == 0;
    })) << "what a hook calls may be waiting for threads that the child does not have";
    gil.take();
    gil.drop();
    on_release(nullptr, nullptr);
    EXPECT_EQ(calls, 1);
}

TEST(Fork, TheParentGoesOn) {
    FakeGil gil;
    gil.take();
    const Watch watch;
    EXPECT_TRUE(holds_in_child([] { return true; }));
    gil.drop();
    EXPECT_EQ(watch.books().voluntary, 1);
    EXPECT_GT(watch.books().held, 0);
}

}  // namespace
}  // namespace baton::gil::test
