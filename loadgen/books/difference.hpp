// What a server did between two scrapes.
//
// Threads: pure. Lifetime: values. Cannot: bridge a restart of the server; that is said instead.
#pragma once

#include <variant>

#include "loadgen/books/books.hpp"
#include "loadgen/books/scrape.hpp"

namespace loadgen::books {

// Any server that tells process_cpu_seconds_total has at least its CPU in the books; Baton fills the rest.
std::variant<Books, Trouble> difference(const Scrape& before, const Scrape& after);

}  // namespace loadgen::books
