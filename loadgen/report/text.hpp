// The closing report on standard output.
//
// Threads: pure. Lifetime: values. Cannot: say a percentile with too few samples (n/a); draw.
#pragma once

#include <string>

#include "loadgen/report/report.hpp"

namespace loadgen::report {

// With `colours`, the escape sequences of terminals: only when the caller knows that one reads it.
std::string to_text(const Report& report, bool colours);

}  // namespace loadgen::report
