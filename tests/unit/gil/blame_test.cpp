#include "interp/gil/blame.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "interp/gil/tags.hpp"

namespace baton::gil {
namespace {

std::map<Tag, std::int64_t> split(const BlameBook& book, std::int64_t from, std::int64_t to) {
    std::map<Tag, std::int64_t> parts;
    book.split(from, to, [&](Tag tag, std::int64_t nanoseconds) {
        EXPECT_GT(nanoseconds, 0);
        parts[tag] += nanoseconds;
    });
    return parts;
}

using Parts = std::map<Tag, std::int64_t>;

TEST(Blame, AWaitIsSplitAmongThoseWhoHeldMeanwhile) {
    const auto book = std::make_unique<BlameBook>();
    book->held(1, 100, 200);
    book->held(2, 210, 300);
    book->held(3, 300, 400);
    EXPECT_EQ(split(*book, 150, 410), (Parts{{1, 50}, {2, 90}, {3, 100}, {kNobody, 20}}));
    EXPECT_EQ(split(*book, 320, 400), (Parts{{3, 80}}));
    EXPECT_EQ(split(*book, 400, 450), (Parts{{kNobody, 50}}));
}

TEST(Blame, BeforeAnybodyHeldItNobodyDid) {
    const auto book = std::make_unique<BlameBook>();
    EXPECT_EQ(split(*book, 10, 30), (Parts{{kNobody, 20}}));
    book->held(1, 100, 200);
    EXPECT_EQ(split(*book, 50, 150), (Parts{{kNobody, 50}, {1, 50}}));
}

TEST(Blame, WhatNobodyRemembersIsOnOthers) {
    const auto book = std::make_unique<BlameBook>();
    for (std::int64_t i = 0; i < 1000; ++i) book->held(5, i * 10, i * 10 + 10);
    const Parts parts = split(*book, 0, 10'000);
    EXPECT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts.at(5) + parts.at(kOther), 10'000);
    EXPECT_GE(parts.at(5), 1'000);
}

TEST(Blame, SumsAndLongest) {
    const auto book = std::make_unique<BlameBook>();
    book->add(1, 2, 30);
    book->add(1, 2, 12);
    book->hold_ended(2, 7);
    book->hold_ended(2, 5);
    ASSERT_EQ(book->all().size(), 1U);
    EXPECT_EQ(book->all()[0].waiting, 1);
    EXPECT_EQ(book->all()[0].holding, 2);
    EXPECT_EQ(book->all()[0].nanoseconds, 42);
    ASSERT_EQ(book->longest().size(), 1U);
    EXPECT_EQ(book->longest()[0].nanoseconds, 7);
    book->start_over();
    EXPECT_TRUE(book->all().empty());
    EXPECT_TRUE(book->longest().empty());
}

TEST(Blame, LongWaitsForOneHoldAreCounted) {
    const auto book = std::make_unique<BlameBook>();
    book->kept_waiting(5, BlameBook::kLongWait - 1);
    book->kept_waiting(kNobody, BlameBook::kLongWait);
    EXPECT_TRUE(book->kept().empty());
    book->kept_waiting(5, BlameBook::kLongWait);
    book->kept_waiting(5, 2 * BlameBook::kLongWait);
    ASSERT_EQ(book->kept().size(), 1U);
    EXPECT_EQ(book->kept().front().tag, 5);
    EXPECT_EQ(book->kept().front().count, 2U);
    EXPECT_EQ(book->kept().front().nanoseconds, 3 * BlameBook::kLongWait);
    book->start_over();
    EXPECT_TRUE(book->kept().empty());
}

TEST(Blame, PendingKeepsTheSumWhenThereAreTooMany) {
    PendingBlame pending;
    for (Tag tag = 1; tag <= 20; ++tag) pending.add(tag, 10);
    pending.add(1, 5);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < pending.count; ++i) sum += pending.parts[i].nanoseconds;
    EXPECT_EQ(sum, 205);
    EXPECT_EQ(pending.parts[0].nanoseconds, 15);
    EXPECT_EQ(pending.parts[pending.count - 1].holding, kOther);
}

TEST(Tags, NumbersInNamesCountAsTheSame) {
    const Tag one = tag_of_thread("Worker-1 (run)");
    EXPECT_EQ(one, tag_of_thread("Worker-27 (run)"));
    EXPECT_EQ(name_of(one), "Worker-N (run)");
    EXPECT_NE(one, tag_of_thread("Reader"));
    EXPECT_FALSE(is_program_tag(one));
    EXPECT_EQ(name_of(tag_of_thread("\x01tab")), "?tab");
}

TEST(Tags, WhenThereAreTooManyTheRestShareOne) {
    for (char a = 'a'; a <= 'z'; ++a) {
        for (char b = 'a'; b <= 'c'; ++b) tag_of_thread((std::string("many ") + a + b).c_str());
    }
    EXPECT_EQ(tag_of_thread("one more name"), kOtherThreads);
    EXPECT_EQ(name_of(kOtherThreads), "(other threads)");
    EXPECT_EQ(name_of(kNobody), "(free)");
}

}  // namespace
}  // namespace baton::gil
