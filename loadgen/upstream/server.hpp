// A slow HTTP/1.1 server, for handlers to wait on: every request is answered after a delay, with as many
// bytes as were asked for.
//
// Threads: serve() runs everything on the thread that calls it, thousands of connections included, until
// SIGTERM or SIGINT. Lifetime: nothing is left behind. Cannot: speak TLS; keep a delay exactly on a busy
// machine (never less, often a little more).
#pragma once

#include <functional>
#include <string>

#include "loadgen/upstream/options.hpp"

namespace loadgen::upstream {

// An address that is not to be had is thrown as std::system_error. `ready` is told where it listens:
// http://127.0.0.1:9000.
void serve(const Options& options, const std::function<void(const std::string& url)>& ready);

}  // namespace loadgen::upstream
