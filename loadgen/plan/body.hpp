// The bodies that a scenario describes rather than spells out.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: vary from request to request.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <string>

#include "loadgen/plan/fault.hpp"

namespace loadgen::plan {

// So many small letters, the same each time, that do not repeat themselves.
std::string generated_bytes(std::uint64_t count);

// A TOML value as compact JSON (RFC 8259); a table's keys in alphabetical order, as TOML has none. Dates are
// strings; infinity and NaN are a fault.
Parsed<std::string> json_of(const toml::node& node);

// A file, whole; a fault when it is longer than `most`, or not to be read.
Parsed<std::string> file_contents(const std::string& path, std::uint64_t most);

}  // namespace loadgen::plan
