// A report as JSON (docs/advice/README.md has the schema), and that JSON as text for people.
//
// Threads: pure functions. Lifetime: texts own their bytes.
// Cannot: leave anything out: what the text shows is all that is in the JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/advisor/advisor.hpp"

namespace baton::advisor {

std::string json(const Report& report);

// For a terminal of 100 columns. Nothing when this is not a report's JSON.
std::optional<std::string> readable(std::string_view json);

}  // namespace baton::advisor
