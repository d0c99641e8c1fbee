// A run as an HdrHistogram log: the response and service times of every second, in long runs of several
// together (tags `response` and `service`), and of each endpoint over the whole run (tags ENDPOINT/response
// and ENDPOINT/service). In the closed model there are no response times. Its time 0 is where the measured
// time begins, behind the warm-up.
//
//   java -cp hdrhistogram.jar org.HdrHistogram.HistogramLogProcessor -i FILE -tag response
//
// Threads: pure. Lifetime: values. Cannot: say which requests failed; they are not in a log.
#pragma once

#include <iosfwd>

#include "loadgen/result/result.hpp"

namespace loadgen::result {

// The stream's state says whether it went well.
void write_hdr_log(std::ostream& out, const Result& result);

}  // namespace loadgen::result
