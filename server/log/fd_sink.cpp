#include "server/log/fd_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace baton::log {

void FdSink::sink_it_(const spdlog::details::log_msg& message) {
    formatter_->format(message, pending_);
    if (pending_.size() >= kBatch || !more_waiting_()) flush_();
}

void FdSink::flush_() {
    const char* from = pending_.data();
    const char* const end = from + pending_.size();
    while (from < end) {
        const ssize_t written = ::write(fd_, from, static_cast<std::size_t>(end - from));
        if (written >= 0) {
            from += written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            // Somebody made the terminal or pipe non-blocking: such flags are shared with other processes.
            pollfd wanted{fd_, POLLOUT, 0};
            ::poll(&wanted, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    pending_.clear();
}

}  // namespace baton::log
