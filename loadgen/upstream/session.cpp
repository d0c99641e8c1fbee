#include "loadgen/upstream/session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <string>
#include <utility>
#include <variant>

namespace loadgen::upstream {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kIdle = std::chrono::seconds(75);  // a client that neither asks nor reads
constexpr std::size_t kHeadBytes = 16U << 10U;
constexpr std::size_t kBodyBytes = 16U << 20U;
constexpr std::size_t kPieces = 10;

// What bodies are made of.
const std::array<char, 65536>& filling() {
    static const std::array<char, 65536> bytes = [] {
        std::array<char, 65536> made{};
        for (std::size_t i = 0; i < made.size(); ++i) made[i] = i % 64 == 63 ? '\n' : '.';
        return made;
    }();
    return bytes;
}

class Session {
  public:
    Session(asio::ip::tcp::socket socket, const Options& options, Delays& delays)
        : stream_(std::move(socket)), timer_(stream_.get_executor()), options_(options), delays_(delays) {}

    asio::awaitable<void> run() {
        bool more = true;
        while (more) more = co_await exchange();
        error_code ignored;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }

  private:
    using Body = http::response<http::buffer_body>;

    // One request and its answer; false when the connection is done with.
    asio::awaitable<bool> exchange() {
        http::request_parser<http::string_body> parser;
        parser.header_limit(kHeadBytes);
        parser.body_limit(kBodyBytes);
        stream_.expires_after(kIdle);
        auto [error, read] = co_await http::async_read(stream_, buffer_, parser, kAwait);
        if (error) {
            const bool protocol_fault =
                error.category() == make_error_code(http::error::bad_version).category();
            if (protocol_fault && error != http::error::end_of_stream &&
                error != http::error::partial_message)
                co_await refuse(11, error.message());
            co_return false;
        }
        const auto request = parser.release();
        const auto asked = asked_for({request.target().data(), request.target().size()}, options_.answer);
        if (const auto* bad = std::get_if<BadRequest>(&asked)) {
            co_await refuse(request.version(), bad->why);
            co_return false;
        }
        const bool answered = co_await answer(request, std::get<Answer>(asked));
        co_return answered&& request.keep_alive();
    }

    asio::awaitable<bool> answer(const http::request<http::string_body>& request, const Answer& how) {
        Body response(http::status::ok, request.version());
        response.set(http::field::server, "baton-load");
        response.set(http::field::content_type, "text/plain");
        response.keep_alive(request.keep_alive());
        response.content_length(how.bytes);
        response.body().more = true;
        const std::uint64_t bytes = request.method() == http::verb::head ? 0 : how.bytes;
        const Nanoseconds delay = delays_.draw(how);
        if (!how.stream) co_await pause(delay);
        stream_.expires_after(kIdle);
        http::response_serializer<http::buffer_body> serializer(response);
        auto [error, sent] = co_await http::async_write_header(stream_, serializer, kAwait);
        if (error) co_return false;
        const bool complete = how.stream ? co_await send_in_pieces(bytes, delay) : co_await send(bytes);
        co_return complete;
    }

    asio::awaitable<bool> send(std::uint64_t bytes) {
        while (bytes > 0) {
            const std::size_t next =
                static_cast<std::size_t>(std::min<std::uint64_t>(bytes, filling().size()));
            stream_.expires_after(kIdle);
            auto [error, sent] =
                co_await asio::async_write(stream_, asio::buffer(filling().data(), next), kAwait);
            if (error) co_return false;
            bytes -= next;
        }
        co_return true;
    }

    // Evenly: the last piece goes out when the delay is over.
    asio::awaitable<bool> send_in_pieces(std::uint64_t bytes, Nanoseconds delay) {
        for (std::size_t piece = 0; piece < kPieces; ++piece) {
            co_await pause(delay / kPieces);
            const std::uint64_t from = bytes * piece / kPieces;
            const std::uint64_t to = bytes * (piece + 1) / kPieces;
            const bool sent = co_await send(to - from);
            if (!sent) co_return false;
        }
        co_return true;
    }

    asio::awaitable<void> pause(Nanoseconds delay) {
        if (delay <= Nanoseconds(0)) co_return;
        timer_.expires_after(delay);
        co_await timer_.async_wait(kAwait);
    }

    asio::awaitable<void> refuse(unsigned version, std::string why) {
        http::response<http::string_body> response(http::status::bad_request, version);
        response.set(http::field::server, "baton-load");
        response.set(http::field::content_type, "text/plain");
        response.keep_alive(false);
        response.body() = std::move(why) + "\n";
        response.prepare_payload();
        stream_.expires_after(kIdle);
        auto [error, sent] = co_await http::async_write(stream_, response, kAwait);
        if (!error) co_await linger();
    }

    // What is still on its way is read, or the kernel answers it with a reset that takes our answer along.
    asio::awaitable<void> linger() {
        error_code ignored;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(std::chrono::seconds(1));
        std::array<char, 4096> rest{};
        for (int i = 0; i < 256; ++i) {
            auto [error, read] = co_await stream_.async_read_some(asio::buffer(rest), kAwait);
            if (error) co_return;
        }
    }

    beast::tcp_stream stream_;
    asio::steady_timer timer_;
    beast::flat_buffer buffer_{kHeadBytes + kBodyBytes};
    const Options& options_;
    Delays& delays_;
};

}  // namespace

asio::awaitable<void> converse(asio::ip::tcp::socket socket, const Options& options, Delays& delays) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    Session session(std::move(socket), options, delays);
    co_await session.run();
}

}  // namespace loadgen::upstream
