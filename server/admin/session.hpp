// One connection to the admin address: read a head, answer, again.
//
// Threads: the thread that runs the socket's io_context.
// Lifetime: a coroutine whose frame owns the socket; `service` outlives it.
// Cannot: take a body, or wait longer than its timeouts for anything but a Stream's next piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "server/admin/sessions.hpp"
#include "server/admin/stream.hpp"

namespace baton::admin {

struct Asked {
    std::string_view target;
    bool cross_site = false;  // by a browser, because a page of another site made it
};

// The page, or the stream, that is asked for.
using Answer = std::function<Reply(const Asked&)>;

struct Service {
    Answer answer;
    // The next request, and also the keep-alive: scrapers come every minute or more often, and the live page
    // every second.
    std::chrono::milliseconds idle = std::chrono::seconds(75);
    // The answer, once it is there; a Stream has its own patience.
    std::chrono::milliseconds sending = std::chrono::seconds(60);
    // Whoever calls this address by a name that may be anybody's is not answered (origin.hpp).
    bool local_names_only = false;
};

// In a crowd a connection ends with its answer.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, const Service& service,
                                   std::shared_ptr<Sessions> sessions);

}  // namespace baton::admin
