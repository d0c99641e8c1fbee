// One connection to the admin address: read a head, answer, again.
//
// Threads: the admin thread.
// Lifetime: a coroutine whose frame owns the socket; `sources` outlives it.
// Cannot: take a body, or wait longer than its timeout for anything.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "server/admin/sources.hpp"

namespace baton::admin {

boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, const Sources& sources);

}  // namespace baton::admin
