// A name's addresses, within a time limit. Neither the system's resolver nor Asio's can be interrupted (and
// an io_context waits at its end for what it has asked), so names are asked for on a thread that is left
// behind when it takes too long.
//
// Threads: any; blocks its caller until `deadline` at the longest. Lifetime: the thread that is left behind
// owns what it uses, and ends when the resolver gives up, or with the process. Cannot: end that thread; so
// this is for commands, which end soon.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "server/client/trouble.hpp"
#include "server/config/config.hpp"

namespace baton::client {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
using Deadline = std::chrono::steady_clock::time_point;

// May take its time, and throw.
using Lookup = std::function<Endpoints(const std::string& host, std::uint16_t port)>;
Endpoints ask_system(const std::string& host, std::uint16_t port);

// `lookup` is not called for addresses in numbers.
std::variant<Endpoints, Trouble> resolve(const config::TcpAddress& address, Deadline deadline,
                                         const Lookup& lookup = ask_system);

}  // namespace baton::client
