// Whose request a thread has, as other threads read it.
#include "interp/gil/request_note.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <string>
#include <thread>

#include "interp/gil/clock.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/scheduler.hpp"
#include "tests/unit/gil/books.hpp"
#include "tests/unit/gil/fake_gil.hpp"

namespace baton::gil::test {
namespace {

// --- The note alone

TEST(RequestNote, HasNothingBeforeTheFirstRequestAndAfterTheLast) {
    RequestNote note;
    EXPECT_FALSE(note.read());
    note.write(5, 77, {"the-id", "GET", "/path"});
    const auto request = note.read();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->route, 5);
    EXPECT_EQ(request->since, 77);
    EXPECT_EQ(request->id, "the-id");
    EXPECT_EQ(request->method, "GET");
    EXPECT_EQ(request->path, "/path");
    note.clear();
    EXPECT_FALSE(note.read());
}

TEST(RequestNote, TheNextRequestLeavesNothingOfTheLastOne) {
    RequestNote note;
    note.write(100, 1, {std::string(100, 'i'), "OPTIONS", std::string(60, 'p')});
    note.write(0, 2, {"1", "PUT", "/"});
    const auto request = note.read();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->route, kOther);
    EXPECT_EQ(request->id, "1");
    EXPECT_EQ(request->method, "PUT");
    EXPECT_EQ(request->path, "/");
}

TEST(RequestNote, TextsOfEveryLengthAreKeptOrCut) {
    RequestNote note;
    for (std::size_t length = 0; length < 200; ++length) {
        std::string id;
        for (std::size_t i = 0; i < length; ++i) id += static_cast<char>('!' + i % 90);
        const std::string path = '/' + id;
        note.write(1, 0, {id, id, path});
        const auto request = note.read();
        ASSERT_TRUE(request);
        EXPECT_EQ(request->id, id.substr(0, RequestNote::kLongestId));
        EXPECT_EQ(request->method, id.substr(0, RequestNote::kLongestMethod));
        EXPECT_EQ(request->path, path.substr(0, RequestNote::kLongestPath));
    }
}

// --- Torn reads

// A request all of whose parts follow from its number.
struct Made {
    explicit Made(std::uint64_t number)
        : since(static_cast<std::int64_t>(number)),
          route(static_cast<Tag>(number % kProgramTags)),
          id(std::to_string(number) + std::string(number % 61, 'i')),
          method(number % 11, 'M'),
          path(std::to_string(number) + std::string(number % 97, 'p')) {}

    std::int64_t since;
    Tag route;
    std::string id;
    std::string method;
    std::string path;
};

TEST(RequestNote, WhatIsReadIsOneRequestAlthoughTheyFollowQuickly) {
    RequestNote note;
    std::atomic<bool> over = false;
    std::thread owner([&] {
        for (std::uint64_t number = 1; !over.load(std::memory_order_relaxed); ++number) {
            const Made made(number);
            note.write(made.route, made.since, {made.id, made.method, made.path});
            if (number % 7 == 0) note.clear();
        }
    });
    constexpr std::size_t kEnough = 200;
    std::set<std::int64_t> seen;
    const std::int64_t end = wall_clock() + 60'000 * kMillisecond;
    while (seen.size() < kEnough && wall_clock() < end) {
        const auto request = note.read();
        if (!request) continue;
        const Made made(static_cast<std::uint64_t>(request->since));
        EXPECT_EQ(request->route, made.route);
        EXPECT_EQ(request->id, made.id);
        EXPECT_EQ(request->method, made.method);
        EXPECT_EQ(request->path, made.path);
        if (testing::Test::HasFailure()) break;
        seen.insert(request->since);
    }
    over = true;
    owner.join();
    EXPECT_EQ(seen.size(), kEnough);
}

// --- In the books of threads

// Of the threads that have a request with this id; the test's other threads have none.
std::optional<ThreadBook> with_request(const std::string& id) {
    for (ThreadBook& book : threads()) {
        if (book.request && book.request->id == id) return std::move(book);
    }
    return std::nullopt;
}

TEST(RequestNote, AThreadIsListedWithItsRequestForAsLongAsItHasIt) {
    FakeGil gil;
    std::latch has_it(1), look_at_end(1), has_none(1), over(1);
    std::thread thread([&] {
        gil.take();
        const std::int64_t time = now() - kMillisecond;
        begin_request(42, time);
        note_request(42, time, {"listed", "POST", "/x"});
        gil.drop();  // also off the GIL
        has_it.count_down();
        look_at_end.wait();
        forget_request();
        end_request(now());
        has_none.count_down();
        over.wait();
    });
    has_it.wait();
    const auto book = with_request("listed");
    ASSERT_TRUE(book);
    EXPECT_EQ(book->tag, 42);
    EXPECT_EQ(book->request->route, 42);
    EXPECT_EQ(book->request->method, "POST");
    EXPECT_EQ(book->request->path, "/x");
    EXPECT_EQ(book->doing, Doing::off_gil);
    EXPECT_GE(book->request_time, kMillisecond);
    look_at_end.count_down();
    has_none.wait();
    EXPECT_FALSE(with_request("listed"));
    over.count_down();
    thread.join();
}

TEST(RequestNote, TheRouteIsTheRequestsAlthoughTheThreadIsAlreadyElsewhere) {
    FakeGil gil;
    gil.take();
    begin_request(3, now());
    note_request(3, now(), {"both", "GET", "/three"});
    begin_request(4, now());  // Its request has not been named yet.
    const auto book = with_request("both");
    ASSERT_TRUE(book);
    EXPECT_EQ(book->tag, 3);
    forget_request();
    end_request(now());
    gil.drop();
    EXPECT_FALSE(with_request("both"));
}

TEST(RequestNote, TheNextThreadDoesNotInheritTheRequestOfOneThatEnded) {
    FakeGil gil;
    std::thread([&] {
        gil.take();
        note_request(9, now(), {"inherited", "GET", "/"});
        gil.drop();
    }).join();
    EXPECT_FALSE(with_request("inherited"));
    std::thread([&] {
        gil.take();  // in the same account
        EXPECT_FALSE(with_request("inherited"));
        gil.drop();
    }).join();
}

TEST(RequestNote, AThreadThatNeverTookAGilHasNoBookAndNoRequest) {
    std::thread([] {
        note_request(1, now(), {"bookless", "GET", "/"});
        EXPECT_FALSE(with_request("bookless"));
        forget_request();
    }).join();
}

// --- Fork

TEST(RequestNote, TheChildHasTheRequestOfTheThreadThatForkedAndNoOther) {
    FakeGil gil;
    gil.take();
    note_request(1, now(), {"survives", "GET", "/"});
    gil.drop();
    std::latch there(1), over(1);
    std::thread other([&] {
        gil.take();
        note_request(2, now(), {"stays-behind", "GET", "/"});
        gil.drop();
        there.count_down();
        over.wait();
    });
    there.wait();
    EXPECT_TRUE(
        holds_in_child([] { return with_request("survives").has_value() && !with_request("stays-behind"); }));
    EXPECT_TRUE(with_request("stays-behind"));
    over.count_down();
    other.join();
    forget_request();
}

// The child's copy of a note whose owner was in the middle of writing it: odd for ever, unless it starts
// over.
TEST(RequestNote, WhatStartsOverCanBeWrittenAgain) {
    RequestNote note;
    note.write(1, 1, {"before", "GET", "/"});
    note.start_over();
    EXPECT_FALSE(note.read());
    note.write(2, 2, {"after", "GET", "/"});
    ASSERT_TRUE(note.read());
    EXPECT_EQ(note.read()->id, "after");
}

}  // namespace
}  // namespace baton::gil::test
