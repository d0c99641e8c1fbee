// A plain client over a real socket: it sends bytes and reads one response.
#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

namespace baton::admin {

namespace http = boost::beast::http;

class Client {
  public:
    using Response = http::response<http::string_body>;

    explicit Client(std::uint16_t port) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
        // A server that never answers must not hang the tests.
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    void send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }

    // Throws when there is none within the patience, of which Asio's reading does not know.
    Response receive(bool head_only = false) {
        http::response_parser<http::string_body> parser;
        parser.skip(head_only);
        parser.eager(true);
        parser.body_limit(64ULL << 20);
        while (!parser.is_done()) {
            if (!parse(parser)) more(parser);
        }
        return parser.release();
    }
    // Says nothing more, and goes on reading.
    void close_own_side() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
    // Within the patience.
    bool readable() {
        char byte = 0;
        return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK) == 1;
    }
    // A little of what there is to read, thrown away.
    bool sip() {
        std::array<char, 1024> some;
        return ::recv(socket_.native_handle(), some.data(), some.size(), 0) > 0;
    }
    // Has the server closed the connection, with nothing more to read?
    bool closed() {
        char byte = 0;
        // Not Asio's, which does not know of the patience.
        const ssize_t size = ::recv(socket_.native_handle(), &byte, 1, 0);
        return buffer_.size() == 0 && (size == 0 || (size < 0 && errno != EAGAIN));
    }
    Response get(const std::string& target) {
        send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return receive();
    }

  private:
    // False when there has to be more.
    bool parse(http::response_parser<http::string_body>& parser) {
        if (buffer_.size() == 0) return false;
        boost::beast::error_code error;
        const std::size_t used = parser.put(buffer_.data(), error);
        buffer_.consume(used);
        if (error && error != http::error::need_more) throw boost::system::system_error(error);
        return !error;
    }
    void more(http::response_parser<http::string_body>& parser) {
        const auto room = buffer_.prepare(65536);
        const ssize_t size = ::recv(socket_.native_handle(), room.data(), room.size(), 0);
        if (size < 0) throw std::system_error(errno, std::system_category(), "no answer");
        if (size > 0) return buffer_.commit(static_cast<std::size_t>(size));
        boost::beast::error_code error = http::error::end_of_stream;
        if (parser.got_some()) parser.put_eof(error);
        if (error) throw boost::system::system_error(error);
    }

    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_{io_};
    boost::beast::flat_buffer buffer_;
};

}  // namespace baton::admin
