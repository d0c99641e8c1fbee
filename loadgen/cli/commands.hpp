// The subcommands of baton-load. Each puts its options on the command line; the one that is chosen leaves its
// work for main to do.
//
// Threads: called once, by main. Lifetime: the app's. Cannot: run; main does, when parsing is over.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace loadgen::cli {

// Returns the exit status.
using Work = std::function<int()>;

void add_run(CLI::App& app, Work& work, const std::vector<std::string>& argv);
void add_find_max(CLI::App& app, Work& work, const std::vector<std::string>& argv);
void add_coordinate(CLI::App& app, Work& work, const std::vector<std::string>& argv);
void add_agent(CLI::App& app, Work& work);

// Says on standard error what was wrong, in one line; returns `status`.
int complain(int status, const std::string& why);

}  // namespace loadgen::cli
