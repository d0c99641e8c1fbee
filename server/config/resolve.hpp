// All sources together into one Config: flags win over the environment, that over the file, that over the
// defaults.
//
// Threads: called once, before any thread starts.
// Lifetime: the result owns everything.
// Cannot: print or exit.
#pragma once

#include <string>
#include <vector>

#include "server/config/machine.hpp"
#include "server/config/sources.hpp"

namespace baton::config {

struct Sources {
    std::vector<Given> flags;
    std::vector<Given> environment;
    std::vector<Given> file;
    std::string application;  // MODULE:CALLABLE
    std::string virtual_env;  // $VIRTUAL_ENV; empty: none
    Machine machine;          // for --threads auto
};

// An error is one whole line that begins with its origin. A value that a stronger source replaces must be
// valid, too.
Parsed<Config> resolve(const Sources& sources);

}  // namespace baton::config
