// `baton serve` and `baton check`, from a configuration to an exit status.
//
// Threads: called by main, once. Lifetime: all that they make ends with them.
// Cannot: read a configuration; the command line's room does.
#pragma once

#include <string>
#include <vector>

#include "server/config/config.hpp"

namespace baton::app {

int serve(const config::Config& config, const std::vector<std::string>& warnings);
int check(const config::Config& config);

}  // namespace baton::app
