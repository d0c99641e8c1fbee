#include "server/probe/reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>

namespace baton::probe {

namespace {

using config::Error;
using config::Parsed;

class Descriptor {
  public:
    explicit Descriptor(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    const int fd_;
};

Error damaged(const std::string& path, std::string_view what) {
    return Error{
        fmt::format("{}: not a readable book: {}", std::filesystem::path(path).filename().string(), what)};
}

// With read() and not mapped: a file that is cut short would be our SIGBUS.
bool read_at(int fd, void* into, std::size_t size, std::size_t offset) {
    return ::pread(fd, into, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

struct Head {
    std::uint64_t magic = 0;
    std::uint64_t size = 0;
    std::uint64_t published = 0;
};
static_assert(sizeof(Head) == offsetof(BookPage, books));

template <std::size_t N>
bool is_text(const std::array<char, N>& text) {
    return std::memchr(text.data(), '\0', N) != nullptr;
}

bool is_possible(const GilBook& gil) {
    return gil.held >= 0 && gil.waited >= 0 && gil.lock_waited >= 0 && gil.longest_hold >= 0 &&
           gil.holds_sum >= 0 && gil.waits_sum >= 0;
}

bool is_possible(const Book& book) {
    return book.pid > 0 && book.started >= 0 && book.written >= book.started && book.cpu >= 0 &&
           book.verdict <= Verdict::refused && book.gil_count <= kGils && is_text(book.version) &&
           is_text(book.command) && is_text(book.fault) &&
           std::all_of(book.gils.begin(), book.gils.end(),
                       [](const GilBook& gil) { return is_possible(gil); });
}

}  // namespace

Parsed<std::optional<Book>> read_book(const std::string& path) {
    const Descriptor file(path);
    struct stat status{};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return damaged(path, std::strerror(errno));
    // The process has only just made it.
    if (S_ISREG(status.st_mode) && status.st_size == 0) return std::optional<Book>();
    if (!S_ISREG(status.st_mode) || status.st_size != sizeof(BookPage)) return damaged(path, "its size");
    Head head;
    // Overtaken by the writer twice within one read, again and again: no writer is that fast.
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (!read_at(file.get(), &head, sizeof head, 0)) return damaged(path, "it was cut short");
        if (head.magic == 0 || (head.magic == BookPage::kMagic && head.published == 0))
            return std::optional<Book>();
        if (head.magic != BookPage::kMagic || head.size != sizeof(BookPage))
            return damaged(path, "another version's");
        std::optional<Book> book(std::in_place);
        const std::size_t offset = sizeof(Head) + (head.published % 2) * sizeof(Book);
        Head after;
        if (!read_at(file.get(), &*book, sizeof(Book), offset) ||
            !read_at(file.get(), &after, sizeof after, 0))
            return damaged(path, "it was cut short");
        if (after.published != head.published) continue;
        if (!is_possible(*book)) return damaged(path, "impossible numbers");
        return book;
    }
    return damaged(path, "it changes all the time");
}

Books read_books(const std::string& directory) {
    Books all;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string path = entry.path().string();
        if (!path.ends_with(kBookSuffix)) continue;
        Parsed<std::optional<Book>> book = read_book(path);
        if (!book) {
            all.faults.push_back(book.error());
        } else if (*book) {
            all.books.push_back(**book);
        }
    }
    std::sort(all.books.begin(), all.books.end(), [](const Book& a, const Book& b) {
        return std::pair(a.started, a.pid) < std::pair(b.started, b.pid);
    });
    std::sort(all.faults.begin(), all.faults.end());
    return all;
}

std::int64_t monotonic_now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

}  // namespace baton::probe
