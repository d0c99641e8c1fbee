// HTTP/1.1 over one connection, plain or TLS: connects, sends what was prepared, reads the answer, and again.
//
// A read is always under way while the connection is open, so that an idle one is seen to close; a request
// costs one send, one receive and no allocation.
//
// Threads: the worker's. Lifetime: see Channel. Cannot: pipeline, or follow redirects (a 302 is an answer).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <optional>
#include <vector>

#include "loadgen/engine/channel.hpp"
#include "loadgen/engine/line.hpp"
#include "loadgen/engine/response_reader.hpp"

namespace loadgen::engine {

template <typename Stream>
class HttpChannel final : public Channel {
  public:
    HttpChannel(const Line& line, const Prepared& first);

    void start(const Job& job) override;
    void abort(result::Failure failure) override;

  private:
    using Code = boost::system::error_code;
    using Self = boost::intrusive_ptr<HttpChannel>;
    Self self() { return Self(this); }

    void connect();
    void shake_hands();
    void connected();
    void send();
    void send_rest();
    void send_later();
    void on_sent(const Code& error, std::size_t bytes);
    void read();
    void read_later();
    void on_read(const Code& error, std::size_t bytes);
    void on_idle_read();
    void on_end(const Code& error);
    void digest();
    void complete(bool reusable);
    void end(Ended ended, bool open);
    void fail(result::Failure failure, const Code& error = {});
    void close();
    std::size_t left() const { return prepared_->head.size() + prepared_->body.size() - sent_; }
    void make_room();

    Line line_;
    const Prepared* prepared_;
    Stream stream_;
    std::optional<boost::asio::steady_timer> send_timer_, read_timer_;  // slow clients only
    std::optional<ResponseReader> reader_;
    std::vector<char> buffer_;
    std::size_t filled_ = 0;
    std::size_t sent_ = 0;
    std::uint64_t received_ = 0;
    Moment first_byte_;
    Moment connecting_;  // since then
    bool open_ = false;
    bool busy_ = false;
    bool used_ = false;  // it has had an answer before
    bool gone_ = false;  // closed for good
};

// The channel that this request needs, not yet connected.
ChannelPtr make_http_channel(const Line& line, const Prepared& prepared);

}  // namespace loadgen::engine
