#include "server/net/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "server/metrics/recorder.hpp"
#include "server/net/web_socket_session.hpp"

namespace baton::net {

using dispatch::Exchange;
using dispatch::ExchangePtr;
using metrics::Rejection;
using std::chrono::milliseconds;

namespace {

// Deadlines need no nanoseconds: the coarse clock costs a fifth of the exact one.
dispatch::Nanoseconds coarse_now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Connection::Connection(IoThread& home, Socket socket, std::shared_ptr<const dispatch::Peer> peer)
    : home_(home),
      stream_(std::move(socket), home.around().tls),
      peer_(std::move(peer)),
      draining_(home.draining()) {
    home_.enlist(*this);
    home_.recorder().connection_opened();
}

Connection::~Connection() {
    if (exchange_) exchange_->observer = nullptr;
    home_.recorder().connection_closed(idle_);
    home_.delist(*this);
}

void Connection::start() {
    // The handler keeps this alive for as long as the coroutine runs.
    asio::co_spawn(home_.context(), run(), [self = shared_from_this()](const std::exception_ptr& error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            self->home_.around().logger.error("connection ended by an internal error: {}", e.what());
        }
    });
}

Task<void> Connection::run() {
    // Not "while (co_await ...)" under an "if": g++ 12 then lays out the coroutine's frame wrongly.
    bool open = co_await handshake();
    while (open) open = co_await serve_one();
    exchange_.reset();
    if (!gone_) co_await linger();
    stream_.close();
}

Task<bool> Connection::handshake() {
    if (!stream_.encrypted()) co_return true;
    set_deadline(deadline_, home_.config().timeouts.header);
    in_io_ = true;
    const error_code error = co_await stream_.handshake();
    in_io_ = false;
    deadline_ = kNever;
    if (error) {
        gone_ = true;
        home_.around().logger.debug("TLS handshake with {} failed: {}", peer_->remote_address,
                                    timed_out_ ? "timed out" : error.message());
        co_return false;
    }
    auto peer = std::make_shared<dispatch::Peer>(*peer_);
    peer->tls = true;
    peer->tls_protocol = stream_.tls_protocol();
    peer->tls_cipher = stream_.tls_cipher();
    peer->client_certificate = stream_.client_subject();
    peer_ = std::move(peer);
    co_return true;
}

Task<bool> Connection::serve_one() {
    if (!exchange_ || !exchange_->renew()) exchange_ = ExchangePtr(new Exchange(home_.inbox()));
    http::RequestParser parser(exchange_->request, home_.parser_limits());
    status_ = 0;
    body_sent_ = 0;
    request_deadline_ = kNever;
    expired_ = body_unread_ = owes_continue_ = false;

    Outcome outcome = co_await receive_head(parser);
    if (outcome == Outcome::gone) co_return false;
    home_.recorder().request_started();
    exchange_->timeline.head = dispatch::now();
    set_deadline(request_deadline_, home_.config().timeouts.request);
    name_request();
    exchange_->mount = &home_.around().mounts.of(exchange_->request.path());
    Rejection timeout = Rejection::header_timeout;
    if (outcome == Outcome::ok && exchange_->request.has_body()) {
        outcome = co_await receive_body(parser);
        timeout = Rejection::body_timeout;
    }
    if (outcome != Outcome::ok) {
        co_await refuse(outcome, parser.fault(), parser.reason(), timeout);
        if (status_ != 0 && home_.around().access_log.enabled()) log_access({}, nullptr);
        home_.recorder().request_ended();
        co_return false;
    }

    exchange_->peer = peer_;
    exchange_->server_timing = home_.config().server_timing;
    exchange_->observer = this;
    const bool keep_alive = exchange_->request.keep_alive() && !draining_;
    if (!parser.done()) start_pump(parser);
    bool again = false;
    exchange_->timeline.queued = exchange_->request.has_body() ? dispatch::now() : exchange_->timeline.head;
    exchange_->route = home_.recorder().known_route(exchange_->request.path());
    watched_ = by_loop();
    if (const http::UpgradeFault fault = prepare_upgrade(); fault.status != 0) {
        co_await refuse_upgrade(fault);
    } else if (!exchange_->mount->dispatcher->push(exchange_)) {
        home_.recorder().rejected(Rejection::queue_full);
        expired_ = exchange_->expire();
        co_await answer(503, "The queue is full.", "Retry-After: 1\r\n");
    } else if (const bool ready = co_await await_commit(); ready) {
        if (upgraded()) {
            co_await serve_web_socket();
        } else {
            again = co_await respond(keep_alive);
        }
    }
    watched_ = false;
    if (pumping_) co_await stop_pump();
    if (!again && !gone_) co_await linger();
    if (!again) stream_.close();
    if ((exchange_->events() & Exchange::kDone) == 0) co_await await_done();
    if (exchange_->timeline.sent == 0) exchange_->timeline.sent = dispatch::now();
    if (session_) {
        record_web_socket();
    } else {
        record();
        home_.recorder().request_ended();
    }
    exchange_->observer = nullptr;
    if (!again) gone_ = true;
    co_return again && !draining_;
}

void Connection::drain() {
    draining_ = true;
    if (idle_) stream_.cancel();
    if (session_) session_->drain();
}

void Connection::let_go() {
    const auto self = shared_from_this();
    pump_signal_.forget();
    signal_.forget();
    if (session_) session_->let_go();
}

void Connection::set_deadline(Nanoseconds& deadline, milliseconds from_now) {
    deadline = from_now.count() == 0
                   ? kNever
                   : coarse_now() + std::chrono::duration_cast<std::chrono::nanoseconds>(from_now).count();
}

void Connection::exchange_event() {
    const auto self = shared_from_this();  // what is resumed may end the connection
    if (pumping_) pump_signal_.fire();
    if (session_) session_->news();
    signal_.fire();
}

void Connection::check_deadlines(Nanoseconds now) {
    const auto self = shared_from_this();
    if (now >= pump_deadline_) {
        pump_deadline_ = kNever;
        pump_timed_out_ = true;
        stream_.cancel();
    }
    if (session_) session_->check_deadlines(now);
    if (watched_) look_after_client(now);
    if (now < deadline_) return;
    deadline_ = kNever;
    timed_out_ = true;
    if (in_io_) {
        stream_.cancel();
    } else {
        signal_.fire();
    }
}

// Reads on for a moment: closing a socket with unread bytes resets it, and the client might lose the
// response.
Task<void> Connection::linger() {
    static constexpr milliseconds patience{1000};
    static constexpr std::size_t most = 64 * 1024 * 1024;
    in_io_ = true;
    timed_out_ = false;
    set_deadline(deadline_, patience);
    co_await stream_.shutdown();
    if (body_unread_) {
        buffer_.clear();
        for (std::size_t dropped = 0; dropped < most && !timed_out_;) {
            const auto [error, bytes] = co_await stream_.drop_some(buffer_.prepare(64 * 1024));
            if (error) break;
            dropped += bytes;
        }
    }
    in_io_ = false;
    deadline_ = kNever;
}

}  // namespace baton::net
