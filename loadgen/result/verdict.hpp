// Whether a run may be believed, and whether it kept what was asked of it.
//
// Threads: pure functions. Lifetime: values. Cannot: be argued with; the exit status is theirs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loadgen/result/result.hpp"

namespace loadgen::result {

struct Kept {
    plan::Threshold threshold;
    std::optional<double> actual;  // in the threshold's unit; none: not enough samples, which is a failure
    bool kept = false;
};

struct Verdict {
    std::vector<Kept> thresholds;
    // What a reader has to know before believing the numbers; a sentence each.
    std::vector<std::string> warnings;
    // Why the numbers are not those of the load that was asked for: exit status 4. A sentence each.
    std::vector<std::string> bottlenecks;
    // At least one of them is the generator's own doing; without, it was the target that kept it waiting.
    bool own = false;
    bool delivered = true;  // open model: what was due was sent
};

Verdict judge(const Result& result);

}  // namespace loadgen::result
