// baton-load compare: its options, and the rounds that they describe.
//
// Threads: called once, by main; the servers belong to the thread that calls the work. Lifetime: the app's.
// Cannot: run; main does, when parsing is over.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "loadgen/cli/commands.hpp"

namespace loadgen::cli {

void add_compare(CLI::App& app, Work& work, const std::vector<std::string>& argv);

}  // namespace loadgen::cli
