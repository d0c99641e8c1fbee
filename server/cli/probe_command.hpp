// The command line of `baton probe`. Not CLI11's: behind the options stands a command with options of its
// own.
//
// Threads: called once, before any thread starts.
// Lifetime: the result owns everything.
// Cannot: say whether the command exists; whoever starts it finds out.
#pragma once

#include <span>

#include "server/cli/command.hpp"

namespace baton::cli {

inline constexpr std::string_view kProbeSummary =
    "Run any Python program under the GIL ledger, and show its books";

// `arguments` are those behind "probe".
Command parse_probe(std::span<const char* const> arguments);

}  // namespace baton::cli
