// The effective configuration as JSON text, for /config.json, and what it is in effect in. A pure function;
// secrets are file names, never contents.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/config/config.hpp"

namespace baton::admin {

// Names and versions of what a server is made of.
using Versions = std::vector<std::pair<std::string, std::string>>;

std::string config_json(const config::Config& config, const Versions& versions);

}  // namespace baton::admin
