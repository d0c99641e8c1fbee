// One client: requests in, responses out, one after the other.
//
// Threads: its I/O thread only. Lifetime: held by its own coroutine; ends with the client, a time-out, a
// fault, or the drain, but never before the application has let go of the request in flight. Cannot: run
// Python; what it has read becomes an Exchange in the queue.
//
//   run:  handshake -> ( receive head -> receive body -> queue -> respond )* -> linger -> close
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <memory>

#include "server/dispatch/exchange.hpp"
#include "server/http/request_parser.hpp"
#include "server/http/upgrade.hpp"
#include "server/metrics/phases.hpp"
#include "server/net/io_thread.hpp"
#include "server/net/signal.hpp"
#include "server/net/stream.hpp"

namespace baton::net {

class WebSocketSession;

class Connection final : public std::enable_shared_from_this<Connection>,
                         public dispatch::ExchangeObserver,
                         public boost::intrusive::list_base_hook<> {
  public:
    Connection(IoThread& home, Socket socket, std::shared_ptr<const dispatch::Peer> peer);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start();
    // Close when idle; otherwise after the response in flight.
    void drain();
    // Idle, and not yet told to end.
    bool idle() const { return idle_ && !draining_; }
    // Ends the coroutines that wait for a signal; those that wait for the socket end with the io_context.
    void let_go();
    void check_deadlines(dispatch::Nanoseconds now);
    void exchange_event() override;

  private:
    using Nanoseconds = dispatch::Nanoseconds;
    static constexpr Nanoseconds kNever = INT64_MAX;

    // How a step of a request ended.
    enum class Outcome { ok, gone, timed_out, fault };

    Task<void> run();
    Task<bool> handshake();
    // One request; false: the connection is to be closed.
    Task<bool> serve_one();

    // --- connection_receive.cpp
    Task<Outcome> receive_head(http::RequestParser& parser);
    // Up to the buffer limit, before an interpreter thread is taken; for an event loop what is there already.
    Task<Outcome> receive_body(http::RequestParser& parser);
    Outcome take_received(http::RequestParser& parser);
    Task<Outcome> read_more(std::size_t most, std::chrono::milliseconds patience, Nanoseconds& deadline);
    void name_request();
    // The rest of a large body goes into its pipe while the application runs.
    void start_pump(http::RequestParser& parser);
    Task<void> pump_body(http::RequestParser& parser);
    Task<bool> fill_pipe(std::string_view bytes);
    Task<void> await_demand();
    Task<void> stop_pump();

    // --- connection_respond.cpp
    // True when the response can begin; false: something else was answered.
    Task<bool> await_commit();
    bool body_failed() const { return pump_fault_ != http::Fault::none || pump_timed_out_; }
    Task<void> refuse_body();
    Task<bool> give_up_waiting();
    // True when the connection may serve another request.
    Task<bool> respond(bool keep_alive);
    void serialize(http::Framing framing, std::optional<std::uint64_t> length, bool keep_alive);
    std::string server_timing() const;
    Task<bool> send_body(http::Framing framing, std::string piece);
    Task<bool> send_piece(http::Framing framing, std::string_view piece);
    Task<bool> send_file(const dispatch::FileRegion& region);
    // Takes off the front of `bytes` what the kernel takes at once; true when that was everything.
    bool send_now(std::string& bytes);
    // Sends `bytes`; false when the client does not take them.
    Task<bool> send(std::string_view bytes);
    Task<bool> flush();
    Task<void> refuse(Outcome outcome, http::Fault fault, std::string_view reason,
                      metrics::Rejection timeout);
    Task<void> answer(int status, std::string_view text, std::string_view extra_fields = {});
    Task<void> linger();

    // --- connection_record.cpp
    Task<void> await_done();
    void record();
    void log_access(std::string_view route, const metrics::Phases* spent);

    // --- connection_interim.cpp
    // What goes out before the response: 103 with hints, and 100 once the application asks for the body.
    bool prepare_interim();
    Task<void> send_interim();
    void append_hints();
    void release_pump();
    // The rest of the body is so short that it is waited for rather than closing the connection.
    bool rest_is_short() const;
    // The response has no end yet, and the body may come to its own before that.
    bool rest_may_come(bool response_complete) const;
    bool has_trailers() const;
    bool takes_trailers() const;
    void append_last_chunk();

    // --- connection_watch.cpp
    // At each tick while an event loop has the request.
    void look_after_client(Nanoseconds now);
    void look_at_client();
    void await_readable();
    bool by_loop() const { return exchange_->mount != nullptr && exchange_->mount->by_loop; }

    // --- connection_file.cpp
    // Opens exchange_->path and makes the head say what is sent of it; false: it cannot be had.
    bool open_path();

    // --- connection_upgrade.cpp
    http::UpgradeFault prepare_upgrade();
    Task<void> refuse_upgrade(http::UpgradeFault fault);
    // The application has accepted a WebSocket.
    bool upgraded() const;
    Task<void> serve_web_socket();
    void record_web_socket();

    void set_deadline(Nanoseconds& deadline, std::chrono::milliseconds from_now);
    void client_gone();

    IoThread& home_;
    Stream stream_;
    std::shared_ptr<const dispatch::Peer> peer_;
    boost::beast::flat_buffer buffer_;  // received, not yet parsed
    std::string out_;                   // serialised, not yet sent
    dispatch::ExchangePtr exchange_;
    Signal signal_;                          // something happened to the exchange, the pump or the clock
    Signal pump_signal_;                     // the application took body bytes, or the pump is to stop
    Nanoseconds deadline_ = kNever;          // of what the connection waits for
    Nanoseconds pump_deadline_ = kNever;     // of the next bytes of a streamed body
    Nanoseconds request_deadline_ = kNever;  // of the whole request
    std::uint64_t body_sent_ = 0;
    int status_ = 0;  // answered; 0 before
    http::Fault pump_fault_ = http::Fault::none;
    std::string_view pump_reason_;
    bool in_io_ = false;  // waits for the socket, not for the signal
    bool timed_out_ = false;
    bool pumping_ = false;
    bool stop_pump_ = false;
    bool pump_timed_out_ = false;
    bool body_unread_ = false;
    bool owes_continue_ = false;    // the client waits for 100 before it sends its body
    bool watched_ = false;          // an event loop has the request
    bool awaits_readable_ = false;  // on_readable() has not called back yet
    bool expired_ = false;          // no interpreter thread will ever have the request
    bool idle_ = false;
    bool draining_ = false;
    bool gone_ = false;                          // the client
    std::shared_ptr<WebSocketSession> session_;  // when it has become a WebSocket
    routing::RouteId web_socket_route_ = 0;
};

}  // namespace baton::net
