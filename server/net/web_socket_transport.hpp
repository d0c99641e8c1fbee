// A connection's stream in the form that Beast's WebSocket wants as its next layer.
//
// Threads: one I/O thread. Lifetime: the session's; the Stream and the watcher outlive every operation.
// Cannot: end the connection: when the WebSocket is over the connection says goodbye to the socket itself.
#pragma once

#include <algorithm>
#include <boost/asio/append.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "server/net/stream.hpp"

namespace baton::net {

// Hears of bytes as they come and go.
class TransportWatcher {
  public:
    virtual void heard(std::size_t bytes) = 0;
    virtual void wrote(std::size_t bytes) = 0;

  protected:
    ~TransportWatcher() = default;
};

// A completion handler that tells the watcher first.
template <typename Handler>
struct Watched {
    TransportWatcher& watcher;
    void (TransportWatcher::*tell)(std::size_t);
    Handler handler;

    void operator()(const error_code& error, std::size_t bytes) {
        if (bytes > 0) (watcher.*tell)(bytes);
        std::move(handler)(error, bytes);
    }
};

class WebSocketTransport {
  public:
    using executor_type = Executor;

    // `early`: what was received behind the request's head.
    WebSocketTransport(Stream& stream, TransportWatcher& watcher, std::string early)
        : stream_(stream), watcher_(watcher), early_(std::move(early)) {}

    executor_type get_executor() { return stream_.socket().get_executor(); }

    template <typename Buffers, typename Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        auto watched = watch(&TransportWatcher::heard, std::forward<Handler>(handler));
        if (!early_.empty()) {
            const std::size_t bytes = asio::buffer_copy(buffers, asio::buffer(early_));
            early_.erase(0, bytes);
            // Counted when they were received.
            asio::post(get_executor(),
                       asio::append(std::move(watched.handler), error_code{}, std::size_t{bytes}));
        } else if (stream_.tls() != nullptr) {
            stream_.tls()->async_read_some(buffers, std::move(watched));
        } else {
            stream_.socket().async_read_some(buffers, std::move(watched));
        }
    }

    template <typename Buffers, typename Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        auto watched = watch(&TransportWatcher::wrote, std::forward<Handler>(handler));
        if (stream_.tls() != nullptr) {
            stream_.tls()->async_write_some(buffers, std::move(watched));
        } else {
            stream_.socket().async_write_some(buffers, std::move(watched));
        }
    }

    // What Beast calls when the close handshake is over, or has failed.
    template <typename Handler>
    friend void async_teardown(boost::beast::role_type, WebSocketTransport& transport, Handler&& handler) {
        asio::post(transport.get_executor(), asio::append(std::forward<Handler>(handler), error_code{}));
    }
    friend void beast_close_socket(WebSocketTransport& transport) { transport.stream_.cancel(); }

  private:
    template <typename Handler>
    auto watch(void (TransportWatcher::*tell)(std::size_t), Handler&& handler) {
        return Watched<std::decay_t<Handler>>{watcher_, tell, std::forward<Handler>(handler)};
    }

    Stream& stream_;
    TransportWatcher& watcher_;
    std::string early_;
};

}  // namespace baton::net

// Executor, allocator and cancellation slot are those of the handler inside.
template <template <typename, typename> class Associator, typename Handler, typename Default>
struct boost::asio::associator<Associator, baton::net::Watched<Handler>, Default>
    : Associator<Handler, Default> {
    static auto get(const baton::net::Watched<Handler>& watched) noexcept {
        return Associator<Handler, Default>::get(watched.handler);
    }
    static auto get(const baton::net::Watched<Handler>& watched, const Default& otherwise) noexcept {
        return Associator<Handler, Default>::get(watched.handler, otherwise);
    }
};
