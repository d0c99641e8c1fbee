// What this program is made of, by name.
//
// Threads: any. Lifetime: plain values. Cannot: know the Python that runs before there is one; who asks says
// which.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace baton::app {

std::vector<std::pair<std::string, std::string>> versions(std::string python);

}  // namespace baton::app
