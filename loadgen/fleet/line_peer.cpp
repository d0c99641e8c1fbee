#include "loadgen/fleet/line_peer.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace loadgen::fleet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Not taken by the other side: it is hopelessly slow.
constexpr std::size_t kMostQueued = std::size_t{128} << 20;

std::string words_of(const error_code& error) {
    return error == asio::error::eof ? "the connection was closed" : error.message();
}

std::string address_of(const asio::ip::tcp::socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "?";
    const std::string host = endpoint.address().to_string();
    if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", host, endpoint.port());
    return fmt::format("{}:{}", host, endpoint.port());
}

}  // namespace

LinePeer::LinePeer(asio::ip::tcp::socket socket, std::size_t longest, std::string beat)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      address_(address_of(socket_)),
      longest_(longest),
      beat_(std::move(beat)) {}

void LinePeer::start(OnLine on_line, OnEnd on_end) {
    on_line_ = std::move(on_line);
    on_end_ = std::move(on_end);
    error_code ignored;
    // What is said is short, and the clocks are compared by it.
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    heard_ = Clock::now();
    read();
    wait_for_beat();
}

void LinePeer::admit(std::size_t longest) {
    longest_ = longest;
    admitted_ = true;
    heard_ = Clock::now();
}

void LinePeer::read() {
    socket_.async_read_some(asio::buffer(block_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                                if (self->closed_) return;
                                if (error) return self->end(words_of(error));
                                self->took(size);
                            });
}

void LinePeer::took(std::size_t size) {
    if (admitted_) heard_ = Clock::now();
    // What is said to one who is about to hang up is read, as the answer would be lost otherwise, and
    // forgotten.
    if (!finishing_) {
        const std::size_t from = pending_.size();
        pending_.append(block_.data(), size);
        if (!take_lines(from)) return;
    }
    if (!closed_) read();
}

// False when that was the end.
bool LinePeer::take_lines(std::size_t from) {
    std::size_t begin = 0;
    std::size_t stop = pending_.find('\n', from);
    for (; stop != std::string::npos; stop = pending_.find('\n', begin)) {
        if (stop - begin > longest_) break;
        on_line_(std::string_view(pending_).substr(begin, stop - begin));
        begin = stop + 1;
        if (closed_) return false;
        if (finishing_) {
            pending_.clear();
            return true;
        }
    }
    pending_.erase(0, begin);
    if (pending_.size() <= longest_) return true;
    end(fmt::format("a line of more than {} bytes", longest_));
    return false;
}

void LinePeer::send(std::string line) {
    if (closed_ || finishing_) return;
    queued_ += line.size();
    if (queued_ > kMostQueued) {
        // Not from within: who sends does not expect to lose the peer.
        return asio::post(socket_.get_executor(), [self = shared_from_this()] {
            if (!self->closed_) self->end("it does not take what it is sent");
        });
    }
    queue_.push_back(std::move(line));
    queue_.back() += '\n';
    if (queue_.size() == 1) write();
}

void LinePeer::write() {
    asio::async_write(socket_, asio::buffer(queue_.front()),
                      [self = shared_from_this()](const error_code& error, std::size_t /*size*/) {
                          if (self->closed_) return;
                          if (error) return self->end(words_of(error));
                          self->queued_ -= self->queue_.front().size() - 1;
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) return self->write();
                          error_code ignored;
                          if (self->finishing_)
                              self->socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
                      });
}

void LinePeer::finish() {
    if (closed_ || std::exchange(finishing_, true)) return;
    heard_ = Clock::now();
    admitted_ = false;  // whatever it says, it has one silence's time to go
    error_code ignored;
    if (queue_.empty()) socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void LinePeer::close() {
    if (std::exchange(closed_, true)) return;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
}

void LinePeer::end(const std::string& why) {
    close();
    // What was said by one who has been sent away is of no interest.
    if (!finishing_) on_end_(why);
}

void LinePeer::wait_for_beat() {
    timer_.expires_after(kBeat);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error && !self->closed_) self->beat();
    });
}

void LinePeer::beat() {
    if (Clock::now() - heard_ > kSilence)
        return end(fmt::format("silent for {:.0f} s", seconds_of(kSilence)));
    if (admitted_) send(beat_);
    if (!closed_) wait_for_beat();
}

}  // namespace loadgen::fleet
