// The command line: from argv and the environment to what main has to do.
//
// Threads: called once, before any thread starts.
// Lifetime: the result owns everything.
// Cannot: print or exit; main does both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/sources.hpp"

namespace baton::cli {

// `warnings` are lines for the log, once there is one.
struct Serve {
    config::Config config;
    std::vector<std::string> warnings;
};
struct Check {
    config::Config config;
    std::vector<std::string> warnings;
};
// What `baton probe` is to do with another program.
enum class ProbePolicy { cpython, latency };
struct Probe {
    std::optional<config::TcpAddress> listen;
    std::string report;  // a file; empty: standard error
    ProbePolicy policy = ProbePolicy::cpython;
    std::vector<std::string> command;
};
// Print what a running server advises.
struct Advise {
    std::string url;  // of its admin address
    bool json = false;
};
// What `baton trace` is to get from a running server.
enum class TraceFormat { perfetto, json };
struct Trace {
    std::string url;  // of its admin address; empty: the default
    double seconds = 5.0;
    std::string output;  // a file; "-": standard output
    std::optional<TraceFormat> format;
};
// For standard output; exit status 0.
struct Text {
    std::string text;
};
// One line, without a line end, for standard error; exit status 2.
struct Failure {
    std::string line;
};
using Command = std::variant<Serve, Check, Probe, Trace, Advise, Text, Failure>;

// `version` is what --version prints.
Command parse(int argc, const char* const* argv, const config::Environment& environment,
              std::string_view version);

}  // namespace baton::cli
