// What the tests of this room share: books as a process would publish them, and a directory for them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "server/probe/book.hpp"

namespace baton::probe::test {

class Directory {
  public:
    Directory() {
        if (mkdtemp(path_.data()) == nullptr) std::abort();
    }
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    const std::string& path() const { return path_; }
    std::string path(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_ = (std::filesystem::temp_directory_path() / "baton-books-XXXXXX").string();
};

template <std::size_t N>
void set(std::array<char, N>& into, const char* text) {
    std::snprintf(into.data(), N, "%s", text);
}

// Ten seconds of a process with one GIL: held 2 s in 4 holds, waited 1 s.
inline Book usual_book(std::int64_t pid = 42) {
    Book book;
    book.pid = pid;
    book.parent = 1;
    book.started = 1'000'000'000;
    book.written = 11'000'000'000;
    book.cpu = 3'000'000'000;
    book.verdict = Verdict::exact;
    book.ended = 1;
    book.python = 1;
    book.gil_count = 1;
    set(book.version, "3.11.2 (main, Apr 28 2025) [GCC]");
    set(book.command, "python3 server.py");
    GilBook& gil = book.gils[0];
    gil.alive = 1;
    gil.held = 2'000'000'000;
    gil.waited = 1'000'000'000;
    gil.takes = 4;
    gil.contended = 2;
    gil.forced = 1;
    gil.voluntary = 3;
    gil.waiters = 5;
    gil.longest_hold = 1'500'000'000;
    gil.holds = {0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    gil.waits = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
    gil.holds_sum = 2'000'000'000;
    gil.waits_sum = 1'000'000'000;
    return book;
}

// A page that says `published` times that it holds `book`; the other one is empty.
inline std::unique_ptr<BookPage> page(const Book& book, std::uint64_t published = 1) {
    auto made = std::make_unique<BookPage>();
    made->magic = BookPage::kMagic;
    made->size = sizeof(BookPage);
    made->books[published % 2] = book;
    made->published = published;
    return made;
}

inline void write(const std::string& path, const BookPage& page, std::size_t size = sizeof(BookPage)) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(&page), static_cast<std::streamsize>(size));
}

}  // namespace baton::probe::test
