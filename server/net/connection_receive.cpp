// The receiving half of a connection: head, body, and the pump of large bodies.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "server/net/connection.hpp"

namespace baton::net {

namespace {

constexpr std::size_t kHeadPiece = 4 * 1024;
// More than the parser may leave unconsumed, so each piece brings it on.
constexpr std::size_t kBodyPiece = 64 * 1024;
static_assert(kBodyPiece > http::RequestParser::kFramingBytes);
// An idle connection keeps at most this much memory for its next request.
constexpr std::size_t kIdleBuffer = 8 * 1024;

std::string_view view(const boost::beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

Task<Connection::Outcome> Connection::read_more(std::size_t most, std::chrono::milliseconds patience,
                                                Nanoseconds& deadline) {
    if (deadline == kNever) set_deadline(deadline, patience);
    const bool pump = &deadline == &pump_deadline_;
    if (!pump) deadline = std::min(deadline, request_deadline_);
    if (!pump) in_io_ = true;
    const auto [error, bytes] = co_await stream_.read_some(buffer_.prepare(most));
    if (!pump) in_io_ = false;
    if (pump ? pump_timed_out_ : timed_out_) co_return Outcome::timed_out;
    if (error) co_return Outcome::gone;
    buffer_.commit(bytes);
    home_.recorder().received(bytes);
    co_return Outcome::ok;
}

Task<Connection::Outcome> Connection::receive_head(http::RequestParser& parser) {
    timed_out_ = false;
    bool begun = false;
    Outcome outcome = Outcome::ok;
    if (buffer_.size() == 0) {
        if (draining_) co_return Outcome::gone;
        if (buffer_.capacity() > kIdleBuffer) buffer_.shrink_to_fit();
        idle_ = true;
        home_.recorder().connection_idle();
        outcome = co_await read_more(kHeadPiece, home_.config().timeouts.keep_alive, deadline_);
        idle_ = false;
        home_.recorder().connection_active();
        deadline_ = kNever;
    }
    while (outcome == Outcome::ok) {
        // An empty line before the request line is to be ignored (RFC 9112 section 2.2).
        while (!begun && view(buffer_).starts_with("\r\n")) buffer_.consume(2);
        begun = begun || (buffer_.size() > 0 && view(buffer_) != "\r");
        if (begun) buffer_.consume(parser.parse_head(view(buffer_)));
        if (parser.fault() != http::Fault::none) outcome = Outcome::fault;
        if (outcome != Outcome::ok || parser.head_done()) break;
        outcome = co_await read_more(kHeadPiece, home_.config().timeouts.header, deadline_);
    }
    deadline_ = kNever;
    // Nobody has asked anything yet: nothing to answer.
    if (outcome == Outcome::timed_out && !begun) co_return Outcome::gone;
    co_return outcome;
}

Task<Connection::Outcome> Connection::receive_body(http::RequestParser& parser) {
    const std::size_t limit = home_.config().limits.body_buffer_bytes;
    const http::Request& request = exchange_->request;
    std::string& body = exchange_->body.buffered;
    if (by_loop()) co_return take_received(parser);
    if (request.expect_continue() && buffer_.size() == 0 && !co_await send("HTTP/1.1 100 Continue\r\n\r\n"))
        co_return Outcome::gone;
    body.reserve(std::min<std::uint64_t>(request.content_length().value_or(0), limit));
    while (true) {
        buffer_.consume(parser.parse_body(view(buffer_).substr(0, kBodyPiece), body));
        if (parser.fault() != http::Fault::none) co_return Outcome::fault;
        if (parser.done() || body.size() >= limit) co_return Outcome::ok;
        if (buffer_.size() >= kBodyPiece) continue;
        const Outcome outcome = co_await read_more(kBodyPiece, home_.config().timeouts.body, deadline_);
        deadline_ = kNever;
        if (outcome != Outcome::ok) co_return outcome;
    }
}

Connection::Outcome Connection::take_received(http::RequestParser& parser) {
    std::string& body = exchange_->body.buffered;
    std::size_t consumed = 0;
    do {
        consumed = parser.parse_body(view(buffer_).substr(0, kBodyPiece), body);
        buffer_.consume(consumed);
        if (parser.fault() != http::Fault::none) return Outcome::fault;
    } while (consumed > 0 && !parser.done());
    owes_continue_ =
        exchange_->request.expect_continue() && !parser.done() && body.empty() && buffer_.size() == 0;
    return Outcome::ok;
}

void Connection::name_request() {
    const auto given = exchange_->request.find("X-Request-ID");
    if (given && RequestIds::acceptable(*given)) {
        exchange_->id.assign(*given);
    } else {
        home_.ids().next(exchange_->id);
    }
}

void Connection::start_pump(http::RequestParser& parser) {
    dispatch::RequestBody& body = exchange_->body;
    body.pipe =
        std::make_unique<http::BodyPipe>(std::max(body.buffered.size(), dispatch::Exchange::kPipeCapacity));
    body.pipe->try_write(body.buffered);
    body.buffered.clear();
    body.buffered.shrink_to_fit();
    pumping_ = true;
    stop_pump_ = pump_timed_out_ = false;
    pump_fault_ = http::Fault::none;
    // The pump ends before serve_one() returns, so the parser and this connection outlive it.
    asio::co_spawn(home_.context(), pump_body(parser), asio::detached);
}

Task<void> Connection::pump_body(http::RequestParser& parser) {
    const dispatch::ExchangePtr held = exchange_;
    std::string staged;
    if (owes_continue_) co_await await_demand();
    while (!parser.done() && !stop_pump_) {
        staged.clear();
        const std::size_t consumed = parser.parse_body(view(buffer_).substr(0, kBodyPiece), staged);
        buffer_.consume(consumed);
        if (!co_await fill_pipe(staged)) break;
        if (parser.fault() != http::Fault::none) {
            pump_fault_ = parser.fault();
            pump_reason_ = parser.reason();
            break;
        }
        if (consumed > 0 || parser.done()) continue;
        const Outcome outcome = co_await read_more(kBodyPiece, home_.config().timeouts.body, pump_deadline_);
        pump_deadline_ = kNever;
        if (outcome == Outcome::gone) gone_ = gone_ || !stop_pump_;
        if (outcome != Outcome::ok) break;
    }
    body_unread_ = !parser.done();
    held->body.pipe->close(parser.done());
    held->tell_application();
    pumping_ = false;
    signal_.fire();
}

// False: the application does not want the rest.
Task<bool> Connection::fill_pipe(std::string_view bytes) {
    while (true) {
        const std::size_t taken = exchange_->body.pipe->try_write(bytes);
        if (taken > 0) exchange_->tell_application();
        bytes.remove_prefix(taken);
        if (bytes.empty()) co_return true;
        if (stop_pump_) co_return false;
        co_await pump_signal_.wait();
    }
}

// A client that waits for 100 sends nothing before it has that, or the beginning of the response.
Task<void> Connection::await_demand() {
    while (!stop_pump_ && (owes_continue_ && (status_ == 0 || !exchange_->body_wanted())))
        co_await pump_signal_.wait();
}

Task<void> Connection::stop_pump() {
    stop_pump_ = true;
    stream_.cancel();
    pump_signal_.fire();
    while (pumping_) co_await signal_.wait();
}

}  // namespace baton::net
