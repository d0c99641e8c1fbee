// Names of applications as people write them, and the prefixes that they are mounted at.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: say whether there is such an application; that shows when it is loaded.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/config/parsed.hpp"

namespace baton::config {

// MODULE:CALLABLE. The error begins with the text in quotes.
Problem check_application_name(std::string_view text);

// PREFIX=MODULE:CALLABLE or PREFIX=MODULE:FACTORY().
Parsed<MountedApplication> mounted_application(std::string_view text);

// "MODULE:FACTORY()" -> "MODULE:FACTORY" and true.
bool take_call(std::string& name);

}  // namespace baton::config
