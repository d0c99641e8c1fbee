// One line for each request on standard output.
//
// Threads: enabled() and write() from any thread; a line is made on the caller's thread and written on the
// log's. Lifetime: owned by Logs. Cannot: block: when the reader of standard output is too slow, the oldest
// waiting lines are dropped.
#pragma once

#include <memory>
#include <vector>

#include "server/config/access_format.hpp"
#include "server/config/config.hpp"
#include "server/log/access_entry.hpp"

namespace baton::log {

class Channel;

class AccessLog {
  public:
    // `channel` may be null when `kind` is off. `format` counts when `kind` is format, and must have been
    // validated.
    AccessLog(config::AccessLog kind, const std::string& format, Channel* channel);

    bool enabled() const { return channel_ != nullptr; }
    // Does nothing when not enabled. Call it when the request is over: the line's time is now less the
    // duration.
    void write(const AccessEntry& entry);

  private:
    config::AccessLog kind_;
    std::vector<config::FormatPiece> format_;
    Channel* channel_;
};

}  // namespace baton::log
