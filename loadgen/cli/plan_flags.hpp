// The options that say what is to be sent: shared by run, find-max, compare and coordinate.
//
// Threads: one. Lifetime: the flags live until the plan has been made. Cannot: check without a word;
// make_plan() says what is wrong, in one line, with the flag's name.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/clock.hpp"
#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::cli {

// As written; nothing is parsed before make_plan().
struct PlanFlags {
    std::vector<std::string> urls;
    std::string scenario;
    std::optional<std::string> rate, connections, duration, warm_up, timeout, arrival, ramp, step, threads,
        seed;
    std::vector<std::string> thresholds;
    std::string method;
    std::vector<std::string> headers;
    std::optional<std::string> body, body_file;
    bool fresh_connections = false;
    plan::Trust trust;
    // Where neither these nor the scenario say.
    Nanoseconds usual_duration = std::chrono::seconds(10);
    Nanoseconds usual_warm_up{};
};

// `urls`: the command takes them as its positional arguments.
void add_plan_flags(CLI::App& command, PlanFlags& flags, bool urls);

// Not in the command's --help: it refuses them, and says why in its own words.
void hide_flags(CLI::App& command, std::initializer_list<const char*> names);

plan::Parsed<plan::Plan> make_plan(const PlanFlags& flags);

}  // namespace loadgen::cli
