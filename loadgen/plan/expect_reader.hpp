// The `expect` of an endpoint in a scenario: what an answer has to be.
//
// Threads: one at a time. Lifetime: within one reading of one file. Cannot: look at the answers.
#pragma once

#include <string_view>
#include <utility>

#include "loadgen/plan/plan.hpp"
#include "loadgen/plan/toml_table.hpp"

namespace loadgen::plan {

Expectation read_expectation(const toml::table& table, Faults& faults);

// "404", "2xx", "200-299": an inclusive range of status codes.
Parsed<std::pair<int, int>> parse_statuses(std::string_view text);

}  // namespace loadgen::plan
