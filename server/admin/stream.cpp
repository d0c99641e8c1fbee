#include "server/admin/stream.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <utility>

namespace baton::admin {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace

// What the sink and the coroutine that looks for the connection's end share.
struct Sink::Watch {
    explicit Watch(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool silent = false;  // has closed its side
    bool gone = false;
    bool over = false;  // there is no sink any more, and maybe no socket
};

Sink::Sink(boost::beast::tcp_stream& stream, bool chunked, std::string_view probe,
           std::chrono::seconds patience)
    : stream_(stream),
      chunked_(chunked),
      probe_(probe),
      patience_(patience),
      watch_(std::make_shared<Watch>(stream.get_executor())) {
    asio::co_spawn(stream_.get_executor(), watch(stream_.socket(), watch_), asio::detached);
}

Sink::~Sink() {
    watch_->over = true;
}

// Nobody has anything to say any more but that he goes.
asio::awaitable<void> Sink::watch(asio::ip::tcp::socket& socket, std::shared_ptr<Watch> state) {
    std::array<char, 512> scratch;
    while (!state->over) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(scratch), kAwait);
        if (!error) continue;
        if (error != asio::error::eof) break;
        state->silent = true;
        state->timer.cancel();
        co_await socket.async_wait(asio::socket_base::wait_error, kAwait);  // a reset
        break;
    }
    state->gone = true;
    state->timer.cancel();
}

bool Sink::gone() const {
    return watch_->gone;
}

asio::awaitable<bool> Sink::wait(std::chrono::nanoseconds time) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration_cast<asio::steady_timer::duration>(time);
    do {
        if (watch_->silent && !probe_.empty()) co_await send(std::exchange(probe_, {}), false);
        if (gone()) co_return false;
        watch_->timer.expires_at(end);
        co_await watch_->timer.async_wait(kAwait);
    } while (!gone() && std::chrono::steady_clock::now() < end);
    co_return !gone();
}

asio::awaitable<bool> Sink::write(std::string_view bytes) {
    if (bytes.empty()) co_return !gone();  // an empty chunk would be the last
    co_return co_await send(bytes, false);
}

asio::awaitable<void> Sink::finish() {
    if (chunked_) co_await send({}, true);
}

asio::awaitable<bool> Sink::send(std::string_view bytes, bool last) {
    if (gone()) co_return false;
    stream_.expires_at(std::min(std::chrono::steady_clock::now() + patience_, deadline_));
    boost::beast::error_code error;
    if (last) {
        error = std::get<0>(co_await asio::async_write(stream_, http::make_chunk_last(trailer_), kAwait));
    } else if (chunked_) {
        const asio::const_buffer piece(bytes.data(), bytes.size());
        error = std::get<0>(co_await asio::async_write(stream_, http::make_chunk(piece), kAwait));
    } else {
        error = std::get<0>(
            co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), kAwait));
    }
    if (error) watch_->gone = true;
    co_return !error;
}

}  // namespace baton::admin
