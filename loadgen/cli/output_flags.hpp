// The options that say what is shown and kept of a run, and the writing of it.
//
// Threads: one. Lifetime: the command's. Cannot: lose a report quietly; a file that cannot be written is
// said.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "loadgen/live/viewer.hpp"
#include "loadgen/plan/fault.hpp"
#include "loadgen/report/report.hpp"

namespace loadgen::cli {

struct OutputFlags {
    std::string admin;
    std::string json, html, hdr_log;
    std::string live = "auto";
};

void add_output_flags(CLI::App& command, OutputFlags& flags);

// Before the run: an admin address or a file that cannot be written is better known now.
plan::Problem check_output(const OutputFlags& flags);
live::Style live_style(const OutputFlags& flags);

// Text on standard output, and the files that were asked for. False, and a line on standard error, when one
// of them could not be written.
bool write_report(const report::Report& report, const OutputFlags& flags);
// The files only, of a run that came to nothing.
bool write_files(const report::Report& report, const OutputFlags& flags);

// Of the verdict: kThreshold, kBottleneck, kWell.
int exit_status(const report::Report& report);

}  // namespace loadgen::cli
