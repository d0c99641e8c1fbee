// Why there is no answer. One line, fit for standard error.
//
// Threads: a plain value. Lifetime: owns its text. Cannot: be empty.
#pragma once

#include <string>

namespace baton::client {

struct Trouble {
    std::string line;
};

}  // namespace baton::client
