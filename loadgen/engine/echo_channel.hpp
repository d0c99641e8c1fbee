// WebSocket over one connection (RFC 6455): sends its messages one after the other, and waits for the echo of
// each.
//
// Threads: the worker's. Lifetime: see Channel. Cannot: notice that an idle connection closes before it is
// used again; then the request is tried on a new one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>
#include <string>

#include "loadgen/engine/channel.hpp"
#include "loadgen/engine/line.hpp"

namespace loadgen::engine {

template <typename Stream>
class EchoChannel final : public Channel {
  public:
    EchoChannel(const Line& line, const Prepared& prepared);

    void start(const Job& job) override;
    void abort(result::Failure failure) override;

  private:
    using Code = boost::system::error_code;
    using Self = boost::intrusive_ptr<EchoChannel>;
    using Step = boost::asio::awaitable<result::Failure, Executor>;

    boost::asio::awaitable<void, Executor> serve(std::uint64_t turn);
    Step connect();
    Step shake_hands();
    Step upgrade();
    Step exchange();
    Step one_message();
    void end(result::Failure failure);
    void close();

    Line line_;
    const Prepared& prepared_;
    boost::beast::websocket::stream<Stream> stream_;
    boost::beast::flat_buffer buffer_;
    std::string message_;
    std::uint64_t turn_ = 0;  // of the request that a coroutine works for
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    int status_ = 0;
    Moment first_byte_;
    Code error_;  // of what the request failed with
    bool open_ = false;
    bool busy_ = false;
    bool used_ = false;
    bool gone_ = false;
};

ChannelPtr make_echo_channel(const Line& line, const Prepared& prepared);

}  // namespace loadgen::engine
