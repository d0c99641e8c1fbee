// The coroutine vocabulary of the network world: everything runs on one io_context per thread, errors are
// values.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <tuple>

namespace baton::net {

namespace asio = boost::asio;
using boost::system::error_code;

// The concrete executor, not any_io_executor: no type erasure on the way of every byte.
using Executor = asio::io_context::executor_type;
template <typename T>
using Task = asio::awaitable<T, Executor>;
using Await = asio::use_awaitable_t<Executor>;
inline constexpr Await await{};
inline constexpr asio::as_tuple_t<Await> await_result{};

// TCP and unix sockets alike.
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;

// How far a read or write came. A tuple, so that asynchronous operations can be handed on without a frame of
// our own.
using Transfer = std::tuple<error_code, std::size_t>;

}  // namespace baton::net
