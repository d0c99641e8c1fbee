// The report as one HTML file, which fetches nothing: styles, scripts and data are in it.
//
// Threads: pure. Lifetime: values. Cannot: be made smaller than the charts' library in it (51 KB).
#pragma once

#include <string>

#include "loadgen/report/report.hpp"

namespace loadgen::report {

std::string to_html(const Report& report);

}  // namespace loadgen::report
