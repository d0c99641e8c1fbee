#include "server/net/web_socket_session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/option.hpp>
#include <boost/beast/zlib/error.hpp>
#include <utility>

#include "server/http/upgrade.hpp"

namespace baton::net {

namespace websocket = boost::beast::websocket;
using dispatch::Exchange;
using dispatch::WebSocketClose;
using dispatch::WebSocketMessage;

namespace {

// A message grows by pieces as it arrives: what a frame's head promises costs no memory.
constexpr std::size_t kSmallestPiece = 4 * 1024;
constexpr std::size_t kLargestPiece = 64 * 1024;
// How long the client may take to answer our close.
constexpr dispatch::Nanoseconds kClosePatience = 5'000'000'000;
constexpr std::size_t kReasonBytes = 123;

// Small windows: a tenth of the memory of the largest, and nearly as good for messages of usual size.
constexpr int kWindowBits = 12;
constexpr int kMemoryLevel = 5;
constexpr int kCompressionLevel = 5;
constexpr std::size_t kWorthCompressing = 64;

// The client's compressed data is none. Of all its faults the one that Beast does not answer with a close.
bool bad_deflate(const error_code& error) {
    namespace zlib = boost::beast::zlib;
    return error.category() == zlib::make_error_code(zlib::error::general).category();
}

dispatch::Nanoseconds in_ns(std::chrono::milliseconds time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

WebSocketSession::WebSocketSession(IoThread& home, Stream& stream, dispatch::ExchangePtr exchange,
                                   std::string early)
    : home_(home),
      stream_(stream),
      exchange_(std::move(exchange)),
      ws_(stream, static_cast<TransportWatcher&>(*this), std::move(early)) {
    configure();
}

void WebSocketSession::configure() {
    const config::WebSocket& config = home_.config().web_socket;
    websocket::permessage_deflate deflate;
    deflate.server_enable = config.compression;
    deflate.server_max_window_bits = kWindowBits;
    // A client that does not say that it can be told compresses with what it likes.
    const std::string offered = http::joined(exchange_->request, "Sec-WebSocket-Extensions");
    if (offered.find("client_max_window_bits") != std::string::npos)
        deflate.client_max_window_bits = kWindowBits;
    deflate.memLevel = kMemoryLevel;
    deflate.compLevel = kCompressionLevel;
    deflate.msg_size_threshold = kWorthCompressing;
    ws_.set_option(deflate);
    ws_.set_option(websocket::stream_base::decorator(
        [this](websocket::response_type& response) { decorate(response); }));
    ws_.read_message_max(config.max_message_bytes);
    ws_.auto_fragment(false);
}

// What Beast wants to know of the request, which has been checked.
boost::beast::http::request<boost::beast::http::empty_body> WebSocketSession::handshake() const {
    using boost::beast::http::field;
    const http::Request& request = exchange_->request;
    boost::beast::http::request<boost::beast::http::empty_body> made(boost::beast::http::verb::get, "/", 11);
    made.set(field::host, "-");
    made.set(field::connection, "upgrade");
    made.set(field::upgrade, "websocket");
    made.set(field::sec_websocket_version, "13");
    made.set(field::sec_websocket_key, std::string(request.find("Sec-WebSocket-Key").value_or("")));
    const std::string extensions = http::joined(request, "Sec-WebSocket-Extensions");
    if (!extensions.empty()) made.set(field::sec_websocket_extensions, extensions);
    return made;
}

void WebSocketSession::decorate(websocket::response_type& response) const {
    using boost::beast::http::field;
    const dispatch::WebSocketAcceptance& wanted = exchange_->web_socket->acceptance();
    const auto insert = [&](std::string_view line) {
        const std::size_t colon = std::min(line.find(':'), line.size());
        response.insert(std::string(line.substr(0, colon)),
                        std::string(line.substr(std::min(colon + 2, line.size()))));
    };
    for (std::string_view rest = wanted.fields; !rest.empty();) {
        const std::size_t end = std::min(rest.find("\r\n"), rest.size());
        insert(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    if (!wanted.subprotocol.empty()) response.set(field::sec_websocket_protocol, wanted.subprotocol);
    if (response.count(field::server) == 0) response.set(field::server, "baton");
    std::string_view date = home_.date().get();
    date.remove_suffix(2);
    if (response.count(field::date) == 0) insert(date);
    response.set("X-Request-ID", exchange_->id);
}

Task<bool> WebSocketSession::open() {
    const auto request = handshake();
    in_write_ = true;
    heard_at_ = wrote_at_ = dispatch::now();
    const auto [error] = co_await ws_.async_accept(request, await_result);
    in_write_ = false;
    if (error) {
        lost_ = true;
        socket().end({.code = Code::kLost, .reason = {}});
    }
    co_return !error;
}

Task<void> WebSocketSession::run() {
    const auto self = shared_from_this();
    reading_ = writing_ = true;
    heard_at_ = dispatch::now();
    asio::co_spawn(home_.context(), read_all(), asio::detached);
    asio::co_spawn(home_.context(), write_all(), asio::detached);
    // A ping that is under way needs the stream.
    while (reading_ || writing_ || in_ping_) co_await ended_.wait();
}

// --- Reading

Task<void> WebSocketSession::read_all() {
    const auto self = shared_from_this();
    bool open = true;
    while (open) {
        open = co_await read_message();
        if (open) open = co_await await_room();
    }
    reading_ = false;
    write_signal_.fire();
    ended_.fire();
}

Task<bool> WebSocketSession::read_message() {
    while (true) {
        const std::size_t size = message_.size();
        const std::size_t piece = std::clamp(size, kSmallestPiece, kLargestPiece);
        message_.resize(size + piece);
        in_read_ = true;
        const auto [error, bytes] =
            co_await ws_.async_read_some(asio::buffer(message_.data() + size, piece), await_result);
        in_read_ = false;
        message_.resize(size + bytes);
        if (error) {
            if (bad_deflate(error)) co_await tell_protocol_error();
            end(error);
            co_return false;
        }
        if (ws_.is_message_done()) break;
    }
    deliver_message();
    co_return true;
}

// A close frame of our own, if no other frame is on its way.
Task<void> WebSocketSession::tell_protocol_error() {
    static constexpr std::string_view kFrame = "\x88\x02\x03\xea";  // 1002
    if (!in_write_ && !in_ping_ && !closing_) co_await stream_.write_some(kFrame);
}

void WebSocketSession::deliver_message() {
    home_.recorder().websocket_message_in();
    WebSocketMessage message{.text = ws_.got_text(), .bytes = {}};
    // A small message does not keep the large piece of memory that it came in; that is for the next one.
    if (message_.size() < kSmallestPiece / 2) {
        message.bytes.assign(message_);
        message_.clear();
    } else {
        message.bytes.swap(message_);
    }
    socket().deliver(std::move(message));
}

Task<bool> WebSocketSession::await_room() {
    while (!socket().has_room()) {
        if (!writing_ || lost_) {
            end(asio::error::operation_aborted);
            co_return false;
        }
        co_await read_signal_.wait();
        heard_at_ = dispatch::now();  // it could not be heard
        pinged_at_ = 0;
    }
    co_return true;
}

// Tells the application how it ended.
void WebSocketSession::end(const error_code& error) {
    WebSocketClose close{.code = Code::kLost, .reason = {}};
    if (error == websocket::error::closed) {
        const websocket::close_reason& given = ws_.reason();
        close.code = given.code == websocket::close_code::none ? Code::kNoCode
                                                               : static_cast<std::uint16_t>(given.code);
        close.reason.assign(given.reason.data(), given.reason.size());
        clean_ = true;
    } else if (error == websocket::error::message_too_big) {
        close.code = Code::kTooBig;
    } else if (error == websocket::error::bad_frame_payload) {
        close.code = Code::kBadPayload;
    } else if (error == websocket::condition::protocol_violation || bad_deflate(error)) {
        close.code = Code::kProtocol;
    } else if (!closing_) {
        lost_ = true;
    }
    if (closing_) close = *closing_;
    socket().end(std::move(close));
    if (lost_) stream_.cancel();
}

// --- Writing

Task<void> WebSocketSession::write_all() {
    const auto self = shared_from_this();
    bool open = true;
    while (open) open = co_await write_next();
    writing_ = false;
    read_signal_.fire();
    ended_.fire();
}

Task<bool> WebSocketSession::write_next() {
    if (!reading_ || lost_) co_return false;
    if (const auto message = socket().next()) co_return co_await write(*message);
    const unsigned events = exchange_->events();
    if ((events & Exchange::kDone) != 0) {
        const bool failed = (events & Exchange::kIncomplete) != 0;
        socket().close({.code = failed ? Code::kInternal : Code::kNormal, .reason = {}});
    }
    if (drain_) socket().close({.code = Code::kRestart, .reason = {}});
    if (const auto asked = socket().closing()) {
        co_await close(*asked);
        co_return false;
    }
    co_await write_signal_.wait();
    co_return true;
}

Task<bool> WebSocketSession::write(const WebSocketMessage& message) {
    ws_.text(message.text);
    in_write_ = true;
    wrote_at_ = dispatch::now();
    const auto [error, bytes] = co_await ws_.async_write(asio::buffer(message.bytes), await_result);
    in_write_ = false;
    if (error) {
        // Aborted: given up already, or the reader is at the end of it.
        if (error != asio::error::operation_aborted) give_up();
        co_return false;
    }
    sent_ += message.bytes.size();
    home_.recorder().websocket_message_out();
    co_return true;
}

Task<void> WebSocketSession::close(WebSocketClose close) {
    websocket::close_reason reason(static_cast<websocket::close_code>(close.code));
    reason.reason.assign(close.reason.data(), std::min(close.reason.size(), kReasonBytes));
    closing_ = std::move(close);
    close_by_ = dispatch::now() + kClosePatience;
    const auto [error] = co_await ws_.async_close(reason, await_result);
    close_by_ = INT64_MAX;
    clean_ = clean_ || !error;
}

// --- Time

void WebSocketSession::heard(std::size_t bytes) {
    home_.recorder().received(bytes);
    heard_at_ = dispatch::now();
    pinged_at_ = 0;
}

void WebSocketSession::wrote(std::size_t bytes) {
    home_.recorder().sent(bytes);
    wrote_at_ = dispatch::now();
}

void WebSocketSession::check_deadlines(Nanoseconds now) {
    const auto self = shared_from_this();
    const config::WebSocket& config = home_.config().web_socket;
    const Nanoseconds send = in_ns(home_.config().timeouts.send);
    // A ping stands in line behind answers to the client's pings, which it may not take.
    const Nanoseconds stuck_since = std::max(wrote_at_, in_ping_ ? ping_began_at_ : 0);
    const bool stuck = (in_write_ || in_ping_) && send > 0 && now - stuck_since >= send;
    if (now >= close_by_ || stuck) {
        close_by_ = INT64_MAX;
        give_up();
        return;
    }
    if (!in_read_ || closing_ || in_ping_) return;
    const Nanoseconds patience = in_ns(config.ping_timeout);
    const Nanoseconds interval = in_ns(config.ping_interval);
    if (pinged_at_ != 0) {
        if (patience > 0 && now - pinged_at_ >= patience) give_up();
    } else if (interval > 0 && now - heard_at_ >= interval) {
        ping();
    }
}

void WebSocketSession::ping() {
    in_ping_ = true;
    ping_began_at_ = dispatch::now();
    ws_.async_ping({}, [self = shared_from_this()](error_code error) {
        self->in_ping_ = false;
        if (!error) self->pinged_at_ = dispatch::now();
        self->ended_.fire();
    });
}

// The client has gone, or might as well have. Closed, not cancelled: while bytes keep coming no operation is
// pending that could be cancelled, and the next would go on.
void WebSocketSession::give_up() {
    lost_ = true;
    stream_.close();
    news();
}

void WebSocketSession::news() {
    const auto self = shared_from_this();
    read_signal_.fire();
    write_signal_.fire();
}

void WebSocketSession::drain() {
    drain_ = true;
    news();
}

void WebSocketSession::let_go() {
    const auto self = shared_from_this();
    read_signal_.forget();
    write_signal_.forget();
    ended_.forget();
}

}  // namespace baton::net
