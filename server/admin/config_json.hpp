// The effective configuration as JSON text, for /config.json. A pure function; secrets are file names, never
// contents.
#pragma once

#include <string>

#include "server/config/config.hpp"

namespace baton::admin {

std::string config_json(const config::Config& config);

}  // namespace baton::admin
