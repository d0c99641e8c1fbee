// The table of all options. Flags, environment and configuration file are three ways to fill the same rows.
//
// Threads: constant after the first call.
// Lifetime: static; views into it never dangle.
// Cannot: check options against each other (checks.hpp) or say which source wins (resolve.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/parsed.hpp"

namespace baton::config {

using Values = std::vector<std::string>;

enum class Kind {
    single,
    list,  // repeatable; each source replaces the whole list
    flag,  // "true" when given without a value
};

struct Option {
    std::string_view name;         // without dashes
    std::string_view placeholder;  // empty for a flag
    // As --help and the documentation show it. Starts with '(' when it is a description rather than a value.
    std::string_view default_text;
    std::string_view help;
    std::string_view group;
    Kind kind;
    // Sets its part of the Config, all of it: what was there before is gone.
    Problem (*apply)(Config&, const Values&);

    bool has_default_value() const { return !default_text.empty() && default_text.front() != '('; }
};

// In the order in which --help lists them.
std::span<const Option> options();
const Option* find_option(std::string_view name);
// "tls-cert" -> "BATON_TLS_CERT"
std::string environment_name(const Option& option);

// The one row that only flags and environment can fill.
inline constexpr std::string_view kConfigOption = "config";

}  // namespace baton::config
