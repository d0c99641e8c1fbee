#include "interp/gil/preload/book_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <new>

namespace baton::gil::preload {

using probe::BookPage;

void BookFile::open(const char* directory, pid_t pid, std::int64_t time) noexcept {
    if (page_ != nullptr) munmap(page_, sizeof(BookPage));
    page_ = nullptr;
    std::array<char, 4096> path;
    const int length = std::snprintf(path.data(), path.size(), "%s/%ld.%lld%s", directory, long{pid},
                                     static_cast<long long>(time), probe::kBookSuffix);
    if (length < 0 || static_cast<std::size_t>(length) >= path.size()) return;
    const int fd = ::open(path.data(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return;
    // Not ftruncate(): on a full disk the first store would be the program's SIGBUS.
    if (posix_fallocate(fd, 0, sizeof(BookPage)) == 0) {
        void* memory = mmap(nullptr, sizeof(BookPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory != MAP_FAILED) page_ = new (memory) BookPage;
    }
    // Programs close descriptors that they do not know; the mapping needs none.
    ::close(fd);
    if (page_ == nullptr) return;
    page_->size = sizeof(BookPage);
    page_->magic = BookPage::kMagic;
}

void BookFile::publish(const probe::Book& book) noexcept {
    if (page_ == nullptr) return;
    const std::uint64_t next = page_->published.load(std::memory_order_relaxed) + 1;
    // A reader that still copies this one notices by the number.
    std::atomic_thread_fence(std::memory_order_release);
    page_->books[next % 2] = book;
    page_->published.store(next, std::memory_order_release);
}

}  // namespace baton::gil::preload
