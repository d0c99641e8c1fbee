// The environment and the configuration file as rows of the option table.
//
// Threads: pure functions; from_file() reads a file.
// Lifetime: what they return owns its text and refers to the static option table.
// Cannot: judge values; resolve() does, with the origin that is noted here in front.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/config/options.hpp"

namespace baton::config {

// An option that somebody gave.
struct Given {
    const Option* option = nullptr;
    Values values;
    std::string origin;  // "--threads", "BATON_THREADS", "baton.toml:3:11: threads"
};

using Environment = std::map<std::string, std::string, std::less<>>;
// From the NAME=VALUE strings of main's third argument.
Environment environment(const char* const* variables);

struct FromEnvironment {
    std::vector<Given> given;
    std::vector<std::string> warnings;  // BATON_ variables that mean nothing
};
// BATON_NAME_WITH_UNDERSCORES. Lists are split at commas. An empty variable counts as not set.
FromEnvironment from_environment(const Environment& environment);

// TOML: option names as keys, '-' or '_' alike; lists are arrays (or one string). Errors are whole lines.
// `origin` says who named the file, should it not be readable.
Parsed<std::vector<Given>> from_file(const std::string& path, const std::string& origin);

}  // namespace baton::config
