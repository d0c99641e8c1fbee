// The opening handshake of a WebSocket, as far as the request goes (RFC 6455 section 4.2.1).
//
// Threads: pure functions. Lifetime: views live as long as the Request. Cannot: answer it; the session does
// when the application has accepted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/request.hpp"

namespace baton::http {

// GET, HTTP/1.1, Connection: upgrade, Upgrade: websocket. Any other upgrade is ignored, as a server may.
bool asks_for_web_socket(const Request& request);

// Of a field in the handshake, name and value; Beast throws at twice as much.
constexpr std::size_t kHandshakeFieldBytes = 32 * 1024;

struct UpgradeFault {
    int status = 0;  // zero: none
    std::string_view reason;
    std::string_view fields;  // of the answer, "Name: value\r\n" lines
};

// What is wrong with a request that asks for a WebSocket.
UpgradeFault check_web_socket(const Request& request);

// The elements of a field that is a comma-separated list, over all its lines, as sent.
std::vector<std::string_view> list_of(const Request& request, std::string_view name);

// All lines of a list field as one; empty when there is none.
std::string joined(const Request& request, std::string_view name);

}  // namespace baton::http
