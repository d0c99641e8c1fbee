#include "loadgen/engine/echo_channel.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <type_traits>

#include "loadgen/engine/response_reader.hpp"

// Beast asks these of the streams below a WebSocket, for closing.
namespace boost::beast::websocket {

template <typename Done>
void async_teardown(role_type, loadgen::engine::Socket& socket, Done&& done) {
    error_code ignored;
    socket.close(ignored);
    asio::post(socket.get_executor(), [done = std::forward<Done>(done)]() mutable { done(error_code{}); });
}

inline void teardown(role_type, loadgen::engine::Socket& socket, error_code&) {
    error_code ignored;
    socket.close(ignored);
}

}  // namespace boost::beast::websocket

namespace loadgen::engine {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using result::Failure;

namespace {

// An echo has a size; what is a little longer is not the one that was asked for, and of more nothing is kept.
constexpr std::size_t kMoreThanAsked = std::size_t{64} << 10;

// The outcome as a value: peers' faults are nothing to throw for.
constexpr auto kToken = asio::as_tuple(asio::use_awaitable_t<Executor>{});

Socket& bottom_of(Socket& stream) {
    return stream;
}
Socket& bottom_of(TlsStream& stream) {
    return stream.next_layer();
}

template <typename Stream>
websocket::stream<Stream> make_stream(const Line& line) {
    if constexpr (std::is_same_v<Stream, Socket>) {
        return websocket::stream<Socket>(line.io.get_executor());
    } else {
        return websocket::stream<TlsStream>(Socket(line.io.get_executor()), line.targets.tls());
    }
}

// In the place of what Beast has put there (Host); what the plan has twice goes out twice.
void put_header(const std::vector<plan::Header>& headers, std::size_t at, websocket::request_type& request) {
    const plan::Header& header = headers[at];
    const bool again = std::any_of(
        headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(at),
        [&header](const plan::Header& before) { return boost::beast::iequals(before.name, header.name); });
    if (again)
        request.insert(header.name, header.value);
    else
        request.set(header.name, header.value);
}

bool broken(const boost::system::error_code& error) {
    return error == asio::error::eof || error == asio::error::connection_reset ||
           error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated ||
           error == websocket::error::closed || error == asio::error::operation_aborted;
}

}  // namespace

template <typename Stream>
EchoChannel<Stream>::EchoChannel(const Line& line, const Prepared& prepared)
    : Channel(prepared.pool), line_(line), prepared_(prepared), stream_(make_stream<Stream>(line)) {
    const plan::Echo& echo = prepared.endpoint->echo;
    message_.resize(echo.bytes);
    for (std::size_t i = 0; i < message_.size(); ++i) message_[i] = static_cast<char>('a' + i % 26);
    stream_.read_message_max(message_.size() + kMoreThanAsked);
    stream_.text(echo.text);
}

template <typename Stream>
void EchoChannel<Stream>::start(const Job& job) {
    job_ = job;
    busy_ = true;
    sent_ = 0;
    received_ = 0;
    status_ = 0;
    error_ = {};
    asio::co_spawn(line_.io.get_executor(), serve(++turn_), asio::detached);
}

template <typename Stream>
asio::awaitable<void, Executor> EchoChannel<Stream>::serve(std::uint64_t turn) {
    const Self keep(this);
    Failure failure = Failure::none;
    if (!open_) failure = co_await connect();
    if (failure == Failure::none) failure = co_await exchange();
    // Given up meanwhile: its end has been told.
    if (busy_ && turn == turn_) end(failure);
}

template <typename Stream>
typename EchoChannel<Stream>::Step EchoChannel<Stream>::connect() {
    const Place& place = line_.targets.at(prepared_.where);
    Socket& socket = bottom_of(stream_.next_layer());
    const Moment began = Clock::now();
    open_socket(socket, place, prepared_.endpoint->pace, error_);
    if (error_) co_return no_connection(error_);
    std::tie(error_) = co_await socket.async_connect(place.address, kToken);
    if (error_) co_return no_connection(error_);
    Failure failure = co_await shake_hands();
    if (failure == Failure::none) failure = co_await upgrade();
    if (failure == Failure::none) line_.owner.opened(Clock::now() - began);
    co_return failure;
}

template <typename Stream>
typename EchoChannel<Stream>::Step EchoChannel<Stream>::shake_hands() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
        expect_peer(stream_.next_layer(), *line_.targets.at(prepared_.where).target);
        std::tie(error_) =
            co_await stream_.next_layer().async_handshake(asio::ssl::stream_base::client, kToken);
        if (error_) co_return Failure::tls;
    }
    co_return Failure::none;
}

template <typename Stream>
typename EchoChannel<Stream>::Step EchoChannel<Stream>::upgrade() {
    const plan::Endpoint& endpoint = *prepared_.endpoint;
    stream_.set_option(websocket::stream_base::decorator([&endpoint](websocket::request_type& request) {
        request.set(boost::beast::http::field::user_agent, "baton-load");
        for (std::size_t i = 0; i < endpoint.headers.size(); ++i) put_header(endpoint.headers, i, request);
    }));
    websocket::response_type response;
    std::tie(error_) =
        co_await stream_.async_handshake(response, endpoint.target.authority, endpoint.target.path, kToken);
    status_ = response.result_int();
    if (error_ == websocket::error::upgrade_declined) co_return Failure::unexpected;
    if (error_) co_return broken(error_) ? Failure::reset : Failure::malformed;
    open_ = true;
    co_return Failure::none;
}

template <typename Stream>
typename EchoChannel<Stream>::Step EchoChannel<Stream>::exchange() {
    for (std::uint32_t i = 0; i < prepared_.endpoint->echo.messages; ++i) {
        const Failure failure = co_await one_message();
        if (failure != Failure::none) co_return failure;
    }
    co_return Failure::none;
}

template <typename Stream>
typename EchoChannel<Stream>::Step EchoChannel<Stream>::one_message() {
    std::size_t out = 0;
    std::tie(error_, out) = co_await stream_.async_write(asio::buffer(message_), kToken);
    if (error_) co_return Failure::reset;
    sent_ += out;
    std::size_t in = 0;
    std::tie(error_, in) = co_await stream_.async_read(buffer_, kToken);
    if (error_) co_return broken(error_) ? Failure::reset : Failure::malformed;
    if (received_ == 0) first_byte_ = Clock::now();
    received_ += in;
    const auto data = buffer_.cdata();
    const bool same = std::string_view(static_cast<const char*>(data.data()), data.size()) == message_ &&
                      stream_.got_text() == prepared_.endpoint->echo.text;
    buffer_.consume(buffer_.size());
    co_return same ? Failure::none : Failure::unexpected;
}

template <typename Stream>
void EchoChannel<Stream>::end(Failure failure) {
    Ended ended;
    ended.failure = failure;
    ended.error = error_;
    ended.status = status_;
    ended.at = Clock::now();
    ended.bytes_in = received_;
    ended.bytes_out = sent_;
    ended.first_byte = first_byte_;
    ended.stale = used_ && received_ == 0 && failure == Failure::reset && ended.at - job_.handed <= kStale;
    busy_ = false;
    used_ = true;
    const Self keep(this);
    const bool stays = failure == Failure::none && !prepared_.endpoint->fresh_connection;
    if (!stays) close();
    line_.owner.ended(*this, ended, stays);
}

template <typename Stream>
void EchoChannel<Stream>::abort(Failure failure) {
    if (gone_) return;
    if (busy_) return end(failure);
    close();
}

template <typename Stream>
void EchoChannel<Stream>::close() {
    gone_ = true;
    open_ = false;
    Code ignored;
    bottom_of(stream_.next_layer()).close(ignored);
}

ChannelPtr make_echo_channel(const Line& line, const Prepared& prepared) {
    if (prepared.endpoint->target.tls) return {new EchoChannel<TlsStream>(line, prepared)};
    return {new EchoChannel<Socket>(line, prepared)};
}

}  // namespace loadgen::engine
