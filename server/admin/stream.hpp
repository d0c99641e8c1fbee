// An answer of an admin address that takes its time, or that has no end: written piece by piece for as long
// as the client is there.
//
// Threads: the admin thread; what runs there must not block it. Lifetime: `run` is called once at most, with
// a Sink that is there until it has ended; a Stream may go without having run (HEAD, or a client that has
// gone). Cannot: keep the connection for another request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/fields.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/admin/page.hpp"

namespace baton::admin {

// Where the pieces go. Each of its functions says false when the client has gone: then there is nothing left
// to do. A client that has closed its side of the connection has said all that it had to say, or has gone:
// that shows when something is written to it.
class Sink {
  public:
    // `chunked`: the client knows chunks (HTTP/1.1); else the connection's end is the answer's. `probe` and
    // `patience`: as in Stream.
    Sink(boost::beast::tcp_stream& stream, bool chunked, std::string_view probe,
         std::chrono::seconds patience);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    boost::asio::awaitable<bool> write(std::string_view bytes);
    boost::asio::awaitable<bool> wait(std::chrono::nanoseconds time);
    bool gone() const;
    // Whoever has not taken all by then has gone, however patiently he reads.
    void ends_by(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }

    // The trailer's field, for clients that know chunks; to be announced by Stream::trailer.
    void trail(std::string_view name, std::string_view value) { trailer_.set(name, value); }
    // The session's: after the last piece.
    boost::asio::awaitable<void> finish();

  private:
    struct Watch;
    boost::asio::awaitable<bool> send(std::string_view bytes, bool last);
    static boost::asio::awaitable<void> watch(boost::asio::ip::tcp::socket& socket,
                                              std::shared_ptr<Watch> state);

    boost::beast::tcp_stream& stream_;
    const bool chunked_;
    std::string_view probe_;  // empty once it has been written
    const std::chrono::seconds patience_;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    boost::beast::http::fields trailer_;
    std::shared_ptr<Watch> watch_;
};

struct Stream {
    std::string_view type;  // a constant
    std::vector<std::pair<std::string, std::string>> fields{};
    std::function<boost::asio::awaitable<void>(Sink&)> run{};
    std::chrono::seconds patience{60};  // with a client that does not read
    int send_buffer = 0;                // the kernel's, in bytes, how much may wait there; 0: what it likes
    std::string_view trailer{};         // the name of the field behind the body, a constant; empty: none
    // What means nothing between pieces, or ahead of the first, a constant: written in wait() to see whether
    // a client that has closed its side is still there. Empty: something else is written soon.
    std::string_view probe{};
};

using Reply = std::variant<Page, Stream>;

}  // namespace baton::admin
