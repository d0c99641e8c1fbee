// `baton trace`: asks a running server for a recording of the GIL's timeline and writes it into a file.
//
// Threads: called by main, once; blocks for as long as the recording takes. Lifetime: nothing is kept.
// Cannot: record the process that it runs in.
#pragma once

#include "server/cli/command.hpp"

namespace baton::app {

// The exit status; it has said what there is to say.
int record(const cli::Trace& what);

}  // namespace baton::app
