// What coordinate and agent have in common on the command line: HOST:PORT, and the token.
//
// Threads: one. Lifetime: the command's. Cannot: resolve names.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan/fault.hpp"

namespace loadgen::cli {

struct HostPort {
    std::string host;  // without brackets
    std::string port;
};

// "127.0.0.1:9190", "[::1]:9190", "name:9190".
plan::Parsed<HostPort> parse_host_port(std::string_view text);

void add_token(CLI::App& command, std::string& token);
// The arguments as they may be shown.
std::vector<std::string> without_token(std::vector<std::string> argv);

}  // namespace loadgen::cli
