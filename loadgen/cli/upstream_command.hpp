// baton-load upstream: its options, and the slow server that they describe.
//
// Threads: called once, by main. Lifetime: the app's. Cannot: run; main does, when parsing is over.
#pragma once

#include <CLI/CLI.hpp>

#include "loadgen/cli/commands.hpp"

namespace loadgen::cli {

void add_upstream(CLI::App& app, Work& work);

}  // namespace loadgen::cli
