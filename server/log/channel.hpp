// A logger with a bounded queue and a thread of its own that writes to one descriptor.
//
// Threads: logger() from any thread. Logging takes the queue's mutex for a moment and never waits for the
// descriptor. Lifetime: destruction writes everything that is queued; nobody may log any more by then.
// Cannot: keep more than its capacity: the oldest lines are dropped, and counted.
#pragma once

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>

#include <cstddef>
#include <memory>
#include <string>

namespace baton::log {

class Channel {
  public:
    // `pattern` is spdlog's, in UTC. The thread bears `name` (15 characters at most).
    Channel(const std::string& name, const std::string& pattern, int fd, std::size_t capacity);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // Writes what is queued. The logger stays, for threads that cannot be ended, but what it is given is
    // lost.
    void close();

    spdlog::logger& logger() { return *logger_; }
    std::size_t dropped() const { return pool_->overrun_counter(); }

  private:
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    spdlog::sink_ptr sink_;
    std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace baton::log
