// One client of the slow server: reads requests, waits, answers, until either side has had enough.
//
// Threads: the io_context's one. Lifetime: the coroutine's; ends with the client, or when `delays` and the
// io_context end. Cannot: answer pipelined requests out of order (RFC 9112 section 9.3.2).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "loadgen/upstream/delays.hpp"
#include "loadgen/upstream/options.hpp"

namespace loadgen::upstream {

boost::asio::awaitable<void> converse(boost::asio::ip::tcp::socket socket, const Options& options,
                                      Delays& delays);

}  // namespace loadgen::upstream
