// A TCP connection on which both sides say one line after the other.
//
// Every line is bounded; so is what the other side has not yet taken, and how long it may be silent. Until
// admit() is called the other side is a stranger: short lines, and all of it within the time of one silence.
//
// Threads: the io_context's. Lifetime: shared with its pending operations; the callbacks are called at most
// until close() or finish(), and `on_end` at most once. Cannot: encrypt.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loadgen/clock.hpp"

namespace loadgen::fleet {

constexpr Nanoseconds kSilence = std::chrono::seconds(5);
constexpr Nanoseconds kBeat = std::chrono::seconds(1);

class LinePeer : public std::enable_shared_from_this<LinePeer> {
  public:
    using OnLine = std::function<void(std::string_view)>;
    using OnEnd = std::function<void(const std::string& why)>;

    // `beat` is said each second, once the other side has been admitted.
    LinePeer(boost::asio::ip::tcp::socket socket, std::size_t longest, std::string beat);

    void start(OnLine on_line, OnEnd on_end);
    void admit(std::size_t longest);

    void send(std::string line);
    // Closes when all has been sent, and the other side has had the time to read it.
    void finish();
    void close();

    // "10.0.0.5:41234"
    const std::string& address() const noexcept { return address_; }

  private:
    void read();
    void took(std::size_t size);
    bool take_lines(std::size_t from);
    void write();
    void wait_for_beat();
    void beat();
    void end(const std::string& why);

    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    std::string address_;
    std::size_t longest_;
    std::string beat_;
    OnLine on_line_;
    OnEnd on_end_;
    std::array<char, std::size_t{64} << 10> block_{};
    std::string pending_;  // the beginning of a line
    std::deque<std::string> queue_;
    std::size_t queued_ = 0;  // bytes in it
    Moment heard_ = Clock::now();
    bool admitted_ = false;
    bool finishing_ = false;
    bool closed_ = false;
};

}  // namespace loadgen::fleet
