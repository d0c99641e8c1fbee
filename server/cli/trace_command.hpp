// The command line of `baton trace`.
//
// Threads: called once, before any thread starts.
// Lifetime: the result owns everything.
// Cannot: say whether there is a server at the address; whoever asks it finds out.
#pragma once

#include <span>

#include "server/cli/command.hpp"

namespace baton::cli {

inline constexpr std::string_view kTraceSummary = "Record the GIL's timeline of a running server into a file";

// `arguments` are those behind "trace".
Command parse_trace(std::span<const char* const> arguments);

}  // namespace baton::cli
