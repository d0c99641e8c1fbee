// `baton-load diff A.json B.json`: two saved reports beside each other.
//
// Threads: called once, by main. Lifetime: the app's. Cannot: fail a build over a difference; thresholds can.
#pragma once

#include "loadgen/cli/commands.hpp"

namespace loadgen::cli {

void add_diff(CLI::App& app, Work& work);

}  // namespace loadgen::cli
