// A run that never was, with round numbers, for the tests of all forms of report.
#pragma once

#include <cstdint>

#include "loadgen/report/report.hpp"

namespace sample {

loadgen::plan::Endpoint endpoint(std::string name, std::string path);

// 500 requests/s for 10 s after 1 s, one endpoint `/io`, answered in 2 ms from sent and 3 ms from due (each
// request 10 us later than the one before, modulo 1 ms), all well.
loadgen::report::Report open_run();
// 8 connections; two endpoints, of which `/slow` fails at times; thresholds, warnings.
loadgen::report::Report closed_run();
// Of a Baton with one GIL, routes `/io` and `/other`.
loadgen::books::Books server();

}  // namespace sample
