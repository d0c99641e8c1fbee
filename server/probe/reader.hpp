// Reads the books that the processes under a probe have published.
//
// Threads: any; nothing is kept.
// Lifetime: results own everything.
// Cannot: trust a book: the processes may be anybody's, so everything is checked, and damage is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/config/parsed.hpp"
#include "server/probe/book.hpp"

namespace baton::probe {

// The latest complete book in this file; nothing while none has been published.
config::Parsed<std::optional<Book>> read_book(const std::string& path);

struct Books {
    std::vector<Book> books;  // in the order in which their processes began
    std::vector<std::string> faults;
};
Books read_books(const std::string& directory);

// The clock of the books, in nanoseconds.
std::int64_t monotonic_now();

}  // namespace baton::probe
