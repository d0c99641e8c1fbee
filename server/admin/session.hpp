// One connection to the admin address: read a head, answer, again.
//
// Threads: the thread that runs the socket's io_context.
// Lifetime: a coroutine whose frame owns the socket; `answer` outlives it.
// Cannot: take a body, or wait longer than its timeout for anything but a Stream's next piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "server/admin/sessions.hpp"
#include "server/admin/stream.hpp"

namespace baton::admin {

// The page, or the stream, at a target.
using Answer = std::function<Reply(std::string_view target)>;

// In a crowd a connection ends with its answer.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, const Answer& answer,
                                   std::shared_ptr<Sessions> sessions);

}  // namespace baton::admin
