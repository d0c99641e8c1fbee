// Runs the rounds: a fresh process of each server in turn, load on it, its end.
//
// Threads: run() is called by one thread, which starts the servers; `ended` may be set from any. Lifetime:
// one run. Cannot: run two servers at once; they would disturb each other.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "loadgen/clock.hpp"
#include "loadgen/compare/round.hpp"

namespace loadgen::compare {

struct Contender {
    std::string name;     // "A"
    std::string command;  // with {port} and {admin}
    std::string admin;    // URL with {admin}; empty: no books
};

struct Settings {
    std::vector<Contender> contenders;
    std::size_t rounds = 6;
    std::uint64_t seed = 1;
    Nanoseconds start_limit = std::chrono::seconds(30);
    Nanoseconds stop_limit = std::chrono::seconds(10);
};

// By contender, by round; as many rounds of each.
using Rounds = std::vector<std::vector<Round>>;

// A server that did not start, or ended while it was measured.
struct NotServed {
    std::string why;     // one line
    std::string output;  // the end of what it said
};

// Told after each server of each round.
using Progress = std::function<void(std::size_t round, const Contender&, const Round&)>;

class Runner {
  public:
    Runner(const Settings& settings, const Load& load, Progress progress, const std::atomic<bool>& ended);

    // When `ended` becomes true: the complete rounds so far.
    std::variant<Rounds, NotServed> run();

  private:
    std::variant<Round, NotServed> round_of(const Contender& contender);

    const Settings& settings_;
    const Load& load_;
    Progress progress_;
    const std::atomic<bool>& ended_;
};

}  // namespace loadgen::compare
