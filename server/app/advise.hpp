// `baton advise`: the advice of a running server, on standard output.
//
// Threads: called by main, once; no other thread. Lifetime: nothing is kept.
// Cannot: judge: the server does.
#pragma once

#include "server/cli/command.hpp"

namespace baton::app {

int advise(const cli::Advise& what);

}  // namespace baton::app
