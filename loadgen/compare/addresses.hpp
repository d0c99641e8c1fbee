// Free ports for a server of one round, and where they are put in its command and in URLs: {port} and
// {admin}.
//
// Threads: any. Lifetime: values. Cannot: keep a port from others between its choice and the server's bind();
// the system hands the same one out again only after many others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace loadgen::compare {

struct Addresses {
    std::uint16_t port = 0;
    std::uint16_t admin = 0;
};

// Two ports of 127.0.0.1 that nobody listens on. Throws boost::system::system_error.
Addresses free_addresses();

// The text with {port} and {admin} replaced; other braces stay.
std::string filled(std::string_view text, const Addresses& addresses);

bool names_admin(std::string_view text) noexcept;

}  // namespace loadgen::compare
