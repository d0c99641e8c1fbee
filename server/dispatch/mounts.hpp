// Which application serves a path: the one with the longest prefix that the path begins with.
//
// Threads: built by main, constant afterwards, read by all. Lifetime: outlives connections and applications.
// Cannot: be empty; the application without a prefix serves what no other does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/dispatch/dispatcher.hpp"

namespace baton::dispatch {

struct Mount {
    std::string prefix;           // "/api", without a slash at its end; empty for the root
    std::size_t application = 0;  // its number in the Python world
    Dispatcher* dispatcher = nullptr;
    // An event loop serves it: requests are handed over as soon as their head is complete, and nothing that
    // it is told may block.
    bool by_loop = false;
};

class Mounts {
  public:
    // One of them has an empty prefix. Throws std::invalid_argument when two have the same one.
    explicit Mounts(std::vector<Mount> mounts);

    // "/api" serves "/api" and "/api/x", not "/apis".
    const Mount& of(std::string_view path) const;
    // Each once.
    const std::vector<Dispatcher*>& dispatchers() const { return dispatchers_; }

  private:
    std::vector<Mount> mounts_;  // longest prefix first
    std::vector<Dispatcher*> dispatchers_;
};

}  // namespace baton::dispatch
