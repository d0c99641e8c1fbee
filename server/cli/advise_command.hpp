// The command line of `baton advise`.
//
// Threads: called once, before any thread starts.
// Lifetime: the result owns everything.
// Cannot: say whether there is a server at the address; whoever asks it finds out.
#pragma once

#include <span>
#include <string_view>

#include "server/cli/command.hpp"

namespace baton::cli {

inline constexpr std::string_view kAdviseSummary = "Ask a running server what could be better";

// `arguments` are those behind "advise".
Command parse_advise(std::span<const char* const> arguments);

}  // namespace baton::cli
