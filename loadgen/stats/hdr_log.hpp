// Writes histograms as an HdrHistogram log (.hlog, log format 1.3, histograms in the compressed V2 encoding),
// which HistogramLogProcessor, HistogramLogAnalyzer and the HdrHistogram libraries of many languages read.
//
// Threads: pure functions. Lifetime: values. Cannot: read logs; keep commas, white space and controls in tags
// (they end a tag in the format): each becomes '_'.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

#include "loadgen/stats/histogram.hpp"

namespace loadgen::stats {

// One line of the log.
struct HdrLine {
    std::string tag;    // empty: none
    double start = 0;   // seconds from the start of the run
    double length = 0;  // seconds
    const Cells* cells = nullptr;
};

// `started` is in seconds since 1970. The cells are in nanoseconds, the column Interval_Max is in
// milliseconds, as is the format's custom. The stream's state says whether it went well.
void write_hdr_log(std::ostream& out, double started, std::span<const HdrLine> lines);

// The fourth column of a line: base64 of a header and the deflated histogram.
std::string hdr_payload(const Cells& cells);

}  // namespace loadgen::stats
