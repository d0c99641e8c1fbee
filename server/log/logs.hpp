// The logs: events on standard error, requests on standard output. Each has a thread of its own, so that a
// slow reader of the one does not hold up the other.
//
// Threads: built and destroyed by main; everything else from any thread.
// Lifetime: main owns it and destroys it last; destruction writes what is still queued.
// Cannot: block whoever logs. Beyond a bound of waiting lines the oldest are dropped, counted, and reported
// at the end.
//
// Text from strangers goes through escaped() (escape.hpp) before it is put in an event; the access log does
// that itself.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <optional>

#include "server/config/config.hpp"
#include "server/log/access_log.hpp"
#include "server/log/channel.hpp"

namespace baton::log {

class Logs {
  public:
    // 2026-01-31T12:00:00.000Z warning text
    static constexpr const char* kEventPattern = "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";

    explicit Logs(const config::Config& config, int events = STDERR_FILENO, int requests = STDOUT_FILENO);
    ~Logs();
    Logs(const Logs&) = delete;
    Logs& operator=(const Logs&) = delete;

    // Writes what is queued; later lines are lost.
    void close();

    spdlog::logger& events() { return events_->logger(); }
    AccessLog& access() { return access_; }
    // Lines that were not written since the start.
    std::size_t dropped() const;

  private:
    std::optional<Channel> events_;
    std::optional<Channel> requests_;
    AccessLog access_;
};

}  // namespace baton::log
