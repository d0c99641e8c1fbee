// A WebSocket from its 101 to its end: frames on the client's side, messages on the application's.
//
// Threads: its connection's I/O thread. Lifetime: shared by the coroutines that read and write; the
// connection outlives them all, as it waits for run(). Cannot: read while the application has enough to do,
// and then it does not see pings either.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "server/dispatch/exchange.hpp"
#include "server/net/io_thread.hpp"
#include "server/net/signal.hpp"
#include "server/net/web_socket_transport.hpp"

namespace baton::net {

class WebSocketSession final : public std::enable_shared_from_this<WebSocketSession>, TransportWatcher {
  public:
    // `early`: what was received behind the request's head.
    WebSocketSession(IoThread& home, Stream& stream, dispatch::ExchangePtr exchange, std::string early);

    // Sends the 101 that the application wants. False: the client has gone.
    Task<bool> open();
    // The WebSocket, up to its end. After open().
    Task<void> run();

    // News of the exchange.
    void news();
    void check_deadlines(dispatch::Nanoseconds now);
    // Closes with 1012.
    void drain();
    // Ends the coroutines that wait for a signal.
    void let_go();

    // The closing handshake went both ways, so that nothing is left to read.
    bool clean() const { return clean_; }
    // The client has gone without it.
    bool lost() const { return lost_; }
    // Bytes of messages.
    std::uint64_t sent() const { return sent_; }

  private:
    using Nanoseconds = dispatch::Nanoseconds;
    using Code = dispatch::WebSocketClose;

    void heard(std::size_t bytes) override;
    void wrote(std::size_t bytes) override;

    void configure();
    boost::beast::http::request<boost::beast::http::empty_body> handshake() const;
    void decorate(boost::beast::websocket::response_type& response) const;

    Task<void> read_all();
    Task<bool> read_message();
    Task<bool> await_room();
    Task<void> tell_protocol_error();
    void deliver_message();
    void end(const error_code& error);

    Task<void> write_all();
    Task<bool> write_next();
    Task<bool> write(const dispatch::WebSocketMessage& message);
    Task<void> close(dispatch::WebSocketClose close);

    void ping();
    void give_up();
    dispatch::WebSocket& socket() { return *exchange_->web_socket; }

    IoThread& home_;
    Stream& stream_;
    const dispatch::ExchangePtr exchange_;
    boost::beast::websocket::stream<WebSocketTransport> ws_;
    std::string message_;                              // as far as it has come
    std::optional<dispatch::WebSocketClose> closing_;  // what we have told the client

    Signal read_signal_;   // there may be room, or it is over
    Signal write_signal_;  // there may be something to send, or it is over
    Signal ended_;
    std::uint64_t sent_ = 0;
    bool reading_ = false;   // read_all() is under way
    bool writing_ = false;   // write_all() is
    bool in_read_ = false;   // waits for the client's bytes
    bool in_write_ = false;  // waits for the client to take bytes
    bool in_ping_ = false;
    bool clean_ = false;
    bool lost_ = false;
    bool drain_ = false;
    Nanoseconds heard_at_ = 0;
    Nanoseconds wrote_at_ = 0;
    Nanoseconds ping_began_at_ = 0;
    Nanoseconds pinged_at_ = 0;  // zero: no answer is due
    Nanoseconds close_by_ = INT64_MAX;
};

}  // namespace baton::net
