// The end of a process whose invariants are broken: one line on stderr, then abort. Any thread, no
// allocation, no lock.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace baton::gil {

[[noreturn]] inline void fatal(const char* what, const char* detail = "") noexcept {
    for (const char* part : {"baton: GIL ledger: ", what, " ", detail, "\n"}) {
        if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
    }
    std::abort();
}

}  // namespace baton::gil
