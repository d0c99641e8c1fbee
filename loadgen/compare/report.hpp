// A comparison for people, and for programs (docs/load_compare.md has the JSON's fields).
//
// Threads: pure. Lifetime: values. Cannot: draw.
#pragma once

#include <string>

#include "loadgen/compare/comparison.hpp"
#include "loadgen/report/report.hpp"

namespace loadgen::compare {

std::string to_text(const Comparison& comparison, const std::string& load);
std::string to_json(const Comparison& comparison, const std::string& load,
                    const report::Environment& environment);

// One line after each server of each round.
std::string progress_text(std::size_t round, std::size_t rounds, const Contender& contender,
                          const Round& measured);

}  // namespace loadgen::compare
