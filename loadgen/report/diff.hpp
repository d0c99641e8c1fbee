// Two saved reports beside each other.
//
// Threads: pure. Lifetime: values. Cannot: say whether a difference is more than chance: a single run of each
// has no interval (compare has one).
#pragma once

#include <string>
#include <vector>

#include "loadgen/report/report.hpp"

namespace loadgen::report {

// A table with the ratio B/A of every number that both have; `a` and `b` are what they are called.
std::string diff_text(const Report& first, const Report& second, const std::string& a, const std::string& b);

// What makes the two runs hard to compare: other plans, other machines, other servers. A sentence each.
std::vector<std::string> differences(const Report& first, const Report& second);

}  // namespace loadgen::report
