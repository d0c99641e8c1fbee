// Addresses to listen on, from and to text.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: look names up; whether an address is to be had shows when it is bound.
#pragma once

#include <string_view>

#include "server/config/config.hpp"
#include "server/config/parsed.hpp"

namespace baton::config {

// HOST:PORT, [IPV6]:PORT, or :PORT for all IPv4 addresses. Numeric addresses come out in their canonical
// form.
Parsed<TcpAddress> tcp_address(std::string_view text);

// Also unix:PATH and fd://N.
Parsed<BindAddress> bind_address(std::string_view text);

// Would a second socket on the one find the other in its way? Port 0 (any free port) never does.
bool collide(const BindAddress& a, const BindAddress& b);

}  // namespace baton::config
