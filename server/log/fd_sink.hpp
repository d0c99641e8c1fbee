// A sink that writes lines to a descriptor: many with one write while more are waiting, each at once when
// none is.
//
// Threads: the log thread of its channel; flush() also after that thread has ended.
// Lifetime: shared with the channel's logger. Does not own the descriptor.
// Cannot: report a write that failed: there is nowhere left to say it.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <functional>

namespace baton::log {

class FdSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    // `more_waiting` is asked after every line.
    FdSink(int fd, std::function<bool()> more_waiting) : fd_(fd), more_waiting_(std::move(more_waiting)) {}

  private:
    static constexpr std::size_t kBatch = 32 * 1024;

    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override;

    const int fd_;
    const std::function<bool()> more_waiting_;
    spdlog::memory_buf_t pending_;
};

}  // namespace baton::log
