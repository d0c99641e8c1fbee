// `baton probe`: a command under the GIL ledger, and its books.
//
// Threads: run() on main, before any other thread; with an address it has a thread of its own for that.
// Lifetime: what it makes in the file system is gone when it returns. Cannot: go on counting processes that
// the command leaves behind when it ends.
#pragma once

#include <stdexcept>

#include "server/cli/command.hpp"

namespace baton::probe {

struct AddressError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The exit status for the process: the command's own, 128 and the signal's number when one ended it, 127 when
// there is no such command and 126 when it cannot be executed. What can go wrong before that throws:
// AddressError for an address that is not to be had, std::invalid_argument for what is to be mended by
// whoever typed the command.
int run(const cli::Probe& options);

}  // namespace baton::probe
