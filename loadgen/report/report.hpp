// All that a finished run is told with: what it came to, whether to believe it, the server's side, and the
// machine it ran on. Every form of report (text, JSON, HTML) is made of this one value.
//
// Threads: one at a time. Lifetime: a value of some megabytes; move it. Cannot: change what it tells of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/books/books.hpp"
#include "loadgen/result/result.hpp"
#include "loadgen/result/verdict.hpp"

namespace loadgen::report {

using Loads = std::array<double, 3>;  // the load averages over 1, 5 and 15 minutes

// The generator's machine, and how it was called.
struct Environment {
    std::string version;  // of baton-load
    std::string kernel;   // "Linux 6.1.0-18-amd64 x86_64"
    std::string cpu_model;
    unsigned cores = 0;  // that this process may use
    Loads load_before{};
    Loads load_after{};
    std::vector<std::string> argv;  // values of header options left out
};

// One of several machines that made the load.
struct Agent {
    std::string name;
    std::string address;
    std::uint64_t due = 0;  // its part of what was offered
    double cpu = 0;         // seconds of its process, over the measured time
    std::optional<Nanoseconds> late_p99;
    Nanoseconds clock_ahead{};  // the coordinator's monotonic clock before its own
    Nanoseconds round_trip{};   // of the question that told this: it is wrong by half of it at most
};

struct Report {
    Environment environment;
    result::Result result;
    result::Verdict verdict;
    std::optional<books::Books> books;
    std::vector<Agent> agents = {};  // empty unless there were several machines
};

// Of this machine, now: `load_before` is of the moment of this call, `load_after` is the caller's to fill
// with load_averages() when the run is over.
Environment environment(std::string version, std::vector<std::string> argv);
Loads load_averages() noexcept;

// The same without secrets: of a header option (-H, --header) only the name stays.
std::vector<std::string> without_secrets(std::vector<std::string> argv);

}  // namespace loadgen::report
