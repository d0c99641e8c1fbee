// The file into which a process publishes its books: a mapping that outlives a kill -9.
//
// Threads: open() while nobody else uses it; publish() from one thread at a time. Lifetime:
// constant-initialised, never destroyed; the mapping goes with the process. Cannot: report an error: a book
// that cannot be kept (no room, no permission) is not kept, and the program does not notice.
#pragma once

#include <sys/types.h>

#include "server/probe/book.hpp"

namespace baton::gil::preload {

class BookFile {
  public:
    // A new file in `directory`, in place of the one before; that one belongs to the parent of a fork.
    void open(const char* directory, pid_t pid, std::int64_t time) noexcept;
    bool is_open() const noexcept { return page_ != nullptr; }
    void publish(const probe::Book& book) noexcept;

  private:
    probe::BookPage* page_ = nullptr;
};

}  // namespace baton::gil::preload
