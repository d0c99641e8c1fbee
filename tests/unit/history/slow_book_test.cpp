#include "server/history/slow_book.hpp"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "server/history/json.hpp"

namespace baton::history {
namespace {

constexpr Nanoseconds kMillisecond = 1'000'000;

metrics::SlowRequest lasting(Nanoseconds duration) {
    metrics::SlowRequest slow;
    slow.spent.duration = duration;
    return slow;
}

std::vector<metrics::SlowRequest> lasting(Nanoseconds first, int count) {
    std::vector<metrics::SlowRequest> all;
    for (int i = 0; i < count; ++i) all.push_back(lasting(first + i * kMillisecond));
    return all;
}

TEST(SlowBook, KeepsTheSlowestOfAllTheSlowestFirst) {
    SlowBook book;
    book.add(lasting(kMillisecond, 50), 0);
    const auto slowest = book.slowest();
    ASSERT_EQ(slowest.size(), SlowBook::kMost);
    EXPECT_EQ(slowest.front().spent.duration, 50 * kMillisecond);
    EXPECT_EQ(slowest.back().spent.duration, 31 * kMillisecond);
}

TEST(SlowBook, OnlyWhatIsSlowerThanTheMinutesTwentiethIsOfInterest) {
    SlowBook book;
    EXPECT_EQ(book.threshold(0), 0);
    book.add(lasting(kMillisecond, 19), 0);
    EXPECT_EQ(book.threshold(1), 0);
    book.add(lasting(100 * kMillisecond, 1), 1);
    EXPECT_EQ(book.threshold(2), kMillisecond);
    EXPECT_EQ(book.threshold(SlowBook::kMinute + 2), 0);  // another minute
}

TEST(SlowBook, ForgetsWhatIsMinutesAgo) {
    SlowBook book;
    book.add(lasting(1000 * kMillisecond, 20), 0);
    book.add(lasting(kMillisecond, 1), 3 * SlowBook::kMinute);
    EXPECT_EQ(book.slowest().front().spent.duration, 1019 * kMillisecond);
    const std::uint64_t before = book.version();
    book.threshold(7 * SlowBook::kMinute);
    EXPECT_GT(book.version(), before);
    ASSERT_EQ(book.slowest().size(), 1U);
    EXPECT_EQ(book.slowest().front().spent.duration, kMillisecond);
}

TEST(SlowBook, ItsVersionStaysWhenNothingIsAdded) {
    SlowBook book;
    book.add(lasting(kMillisecond, 1), 0);
    const std::uint64_t before = book.version();
    book.add({}, 1);
    book.threshold(2);
    EXPECT_EQ(book.version(), before);
}

TEST(SlowJson, TextsOfStrangersAreMadeSafe) {
    metrics::SlowRequest slow = lasting(2 * kMillisecond);
    slow.id = "an id\n";
    slow.method = "GET";
    slow.path = "/\x01\xff<script>";
    slow.status = 200;
    slow.route = 1;
    slow.ended = 5'000'000'000;
    slow.spent.spent[0] = kMillisecond;
    const boost::json::array out = slow_array({slow}, {"_OTHER", "/x"}, 100.0);
    const boost::json::object& one = out.at(0).as_object();
    EXPECT_EQ(one.at("id").as_string(), "an id\\x0A");
    EXPECT_EQ(one.at("path").as_string(), "/\\x01\\xFF<script>");
    EXPECT_EQ(one.at("route").as_string(), "/x");
    EXPECT_DOUBLE_EQ(one.at("seconds").as_double(), 0.002);
    EXPECT_DOUBLE_EQ(one.at("ended").as_double(), 105.0);
    EXPECT_DOUBLE_EQ(one.at("phase_seconds").at("queue").as_double(), 0.001);
}

TEST(SlowJson, ARouteThatTheObservationDoesNotKnowYetIsOther) {
    metrics::SlowRequest slow = lasting(1);
    slow.route = 7;
    EXPECT_EQ(slow_array({slow}, {"_OTHER"}, 0.0).at(0).at("route").as_string(), "_OTHER");
}

}  // namespace
}  // namespace baton::history
