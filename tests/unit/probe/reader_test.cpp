#include "server/probe/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/probe/books.hpp"

namespace baton::probe {
namespace {

using test::Directory;
using test::page;
using test::usual_book;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Reader : public ::testing::Test {
  protected:
    // What the reader says of this page in a file.
    config::Parsed<std::optional<Book>> read(const BookPage& content, std::size_t size = sizeof(BookPage)) {
        test::write(directory_.path("1.book"), content, size);
        return read_book(directory_.path("1.book"));
    }
    std::string fault(const BookPage& content, std::size_t size = sizeof(BookPage)) {
        const auto book = read(content, size);
        return book ? "(no fault)" : book.error();
    }
    std::string fault(const Book& book) { return fault(*page(book)); }

    Directory directory_;
};

TEST_F(Reader, TheLatestOfTheTwo) {
    auto content = page(usual_book(42), 7);
    content->books[0] = usual_book(43);
    const auto odd = read(*content);
    ASSERT_TRUE(odd && *odd);
    EXPECT_EQ((*odd)->pid, 42);
    EXPECT_EQ((*odd)->gils[0].held, 2'000'000'000);
    content->published = 8;
    const auto even = read(*content);
    ASSERT_TRUE(even && *even);
    EXPECT_EQ((*even)->pid, 43);
}

TEST_F(Reader, ABookInTheMakingDoesNotMatter) {
    auto content = page(usual_book(), 1);
    content->books[0].pid = -1;  // killed while it wrote the next one
    EXPECT_EQ(fault(*content), "(no fault)");
}

TEST_F(Reader, NothingPublishedYet) {
    const auto book = read(*page(usual_book(), 0));
    ASSERT_TRUE(book);
    EXPECT_FALSE(*book);
    const auto empty = read(*page(usual_book()), 0);
    ASSERT_TRUE(empty);
    EXPECT_FALSE(*empty);
}

TEST_F(Reader, DamagedFiles) {
    EXPECT_THAT(fault(*page(usual_book()), 1000), HasSubstr("1.book: not a readable book"));
    auto content = page(usual_book());
    content->magic = 1;
    EXPECT_THAT(fault(*content), HasSubstr("another version"));
    content = page(usual_book());
    content->size = 5;
    EXPECT_THAT(fault(*content), HasSubstr("another version"));
    EXPECT_FALSE(read_book(directory_.path("none.book")));
    std::filesystem::create_directory(directory_.path("d.book"));
    EXPECT_FALSE(read_book(directory_.path("d.book")));
    std::filesystem::create_symlink(directory_.path("1.book"), directory_.path("l.book"));
    EXPECT_FALSE(read_book(directory_.path("l.book")));
}

TEST_F(Reader, ImpossibleNumbers) {
    EXPECT_EQ(fault(usual_book()), "(no fault)");
    const auto with = [](auto change) {
        Book book = usual_book();
        change(book);
        return book;
    };
    for (const Book& book :
         {with([](Book& b) { b.pid = 0; }), with([](Book& b) { b.written = 0; }),
          with([](Book& b) { b.cpu = -1; }), with([](Book& b) { b.gil_count = kGils + 1; }),
          with([](Book& b) { b.verdict = static_cast<Verdict>(9); }),
          with([](Book& b) { b.command.fill('x'); }), with([](Book& b) { b.version.fill('x'); }),
          with([](Book& b) { b.fault.fill('x'); }),
          with([](Book& b) { b.gils[0].held = std::numeric_limits<std::int64_t>::min(); }),
          with([](Book& b) { b.gils[15].waits_sum = -1; })}) {
        EXPECT_THAT(fault(book), HasSubstr("impossible numbers"));
    }
}

TEST_F(Reader, ADirectory) {
    Book later = usual_book(1);
    later.started = 2'000'000'000;
    test::write(directory_.path("a.book"), *page(later));
    test::write(directory_.path("b.book"), *page(usual_book(2)));
    test::write(directory_.path("c.book"), *page(usual_book(3)), 100);
    test::write(directory_.path("d.book"), *page(usual_book(4), 0));
    test::write(directory_.path("e.other"), *page(usual_book(5)));
    const Books all = read_books(directory_.path());
    ASSERT_THAT(all.books, SizeIs(2));
    EXPECT_EQ(all.books[0].pid, 2);
    EXPECT_EQ(all.books[1].pid, 1);
    EXPECT_THAT(all.faults, ElementsAre(HasSubstr("c.book")));
    EXPECT_THAT(read_books(directory_.path("nowhere")).books, IsEmpty());
}

}  // namespace
}  // namespace baton::probe
