// A file that a long command writes at its end: what is there under its name stays until the new one is
// whole.
//
// Threads: one. Lifetime: none is kept. Cannot: replace what is no regular file (a device, a pipe) in one
// step; that is written to as it is.
#pragma once

#include <string>

#include "loadgen/plan/fault.hpp"

namespace loadgen::cli {

// Whether the file could be written now; leaves nothing behind.
plan::Problem check_file(const std::string& name);

// Under another name beside it first, NAME.unfinished.
plan::Problem write_whole(const std::string& name, const std::string& text);

}  // namespace loadgen::cli
