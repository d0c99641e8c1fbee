// A thread's book by itself: entries in, readings out.
#include "interp/gil/account.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "interp/gil/protocol.hpp"
#include "interp/gil/registry.hpp"
#include "tests/unit/gil/books.hpp"

namespace baton::gil::test {
namespace {

TEST(Account, EntriesAddUp) {
    Gil gil;
    Account account(gil);
    account.wait_begins(100);
    account.taken(150, true);
    account.released(350, false);
    account.taken(400, false);
    account.released(410, true);
    account.wait_ends(430);
    const Account::Reading reading = account.read();
    EXPECT_EQ(reading.totals.held, 210);
    EXPECT_EQ(reading.totals.waited, 70);
    EXPECT_EQ(reading.totals.takes, 2);
    EXPECT_EQ(reading.totals.contended, 1);
    EXPECT_EQ(reading.totals.voluntary, 1);
    EXPECT_EQ(reading.totals.forced, 1);
    EXPECT_EQ(reading.holds.sum, 210);
    EXPECT_EQ(reading.waits.sum, 50);
}

TEST(Account, AHandOverBelongsToTheNextAcquisition) {
    Gil gil;
    Account account(gil);
    account.taken(0, false);
    account.released(1'000, true);
    account.wait_ends(2'000);
    account.hand_over_begins();
    account.wait_ends(6'001'000);
    account.wait_begins(6'001'100);
    account.taken(6'001'200, true);
    const Account::Reading reading = account.read();
    EXPECT_EQ(reading.totals.waited, 6'000'100) << "in line from the release on";
    EXPECT_EQ(reading.totals.forced, 1);
    EXPECT_EQ(reading.totals.voluntary, 0);
    EXPECT_EQ(reading.waits.buckets[9], 1) << "one wait of 6 ms: above 5, up to 10";
    EXPECT_EQ(reading.waits.buckets[0], 1) << "the first, of 0";
}

TEST(Account, BucketsIncludeTheirUpperBound) {
    HistogramBook book;
    book.add(kBounds.front());
    book.add(kBounds.front() + 1);
    book.add(kBounds.back());
    book.add(kBounds.back() + 1);
    Histogram read;
    book.collect(read);
    EXPECT_EQ(read.buckets[0], 1);
    EXPECT_EQ(read.buckets[1], 1);
    EXPECT_EQ(read.buckets[kBounds.size() - 1], 1);
    EXPECT_EQ(read.buckets[kBounds.size()], 1);
    EXPECT_EQ(read.sum, 2 * kBounds.front() + 2 * kBounds.back() + 2);
}

TEST(Account, ANewOwnerStartsAtZeroAndTheSumsStay) {
    Gil gil;
    Account account(gil);
    Thread first;
    Thread second;
    ASSERT_TRUE(account.claim(&first));
    EXPECT_FALSE(account.claim(&second));
    account.taken(0, false);
    account.released(70, false);
    EXPECT_EQ(account.own_totals(100).held, 70);
    account.give_back(100);
    ASSERT_TRUE(account.claim(&second));
    EXPECT_EQ(account.own_totals(100).held, 0);
    EXPECT_EQ(account.own_totals(100).takes, 0);
    account.taken(100, false);
    account.released(105, false);
    EXPECT_EQ(account.own_totals(200).held, 5);
    EXPECT_EQ(account.read().totals.held, 75);
}

TEST(Account, StartingOverKeepsTheOwnersCount) {
    Gil gil;
    Account account(gil);
    Thread owner;
    account.claim(&owner);
    account.taken(0, false);
    account.released(70, false);
    account.taken(100, false);
    account.start_over(130, true);
    EXPECT_EQ(account.read().totals.held, 0);
    EXPECT_EQ(account.read().totals.takes, 1) << "the hold that goes on";
    EXPECT_EQ(account.own_totals(130).held, 100);
    EXPECT_EQ(account.own_totals(130).takes, 2);
    account.released(150, false);
    EXPECT_EQ(account.read().totals.held, 20);
    EXPECT_EQ(account.own_totals(150).held, 120);
    account.start_over(160, false);
    EXPECT_EQ(account.owner(), nullptr);
    EXPECT_EQ(account.read().totals.held, 0);
}

// Every hold below is of 3 ns; a torn reading shows another sum.
TEST(Account, ReadersNeverSeeHalfAnEntry) {
    Gil gil;
    Account account(gil);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        std::int64_t time = 0;
        while (!done) {
            account.taken(time, false);
            time += 3;
            account.released(time, false);
            time += 5;
            if (time % 64 == 0) busy(5'000);  // a GIL changes hands more slowly; readers need a gap
        }
    });
    for (int i = 0; i < 20'000; ++i) {
        const Account::Reading reading = account.read();
        const std::uint64_t holds = reading.totals.voluntary;
        ASSERT_EQ(reading.totals.held, static_cast<std::int64_t>(3 * holds));
        ASSERT_EQ(reading.holds.sum, reading.totals.held);
        ASSERT_EQ(reading.totals.takes, holds + (reading.state == State::kHeld ? 1 : 0));
    }
    done = true;
    writer.join();
}

}  // namespace
}  // namespace baton::gil::test
