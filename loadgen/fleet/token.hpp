// How coordinator and agent show each other that they know the same token without sending it: each answers
// the other's random number with a keyed hash (HMAC-SHA-256, RFC 2104). Without a token the key is empty.
//
// Threads: pure functions. Lifetime: values. Cannot: keep what is said afterwards secret, or from being
// changed on its way; that takes a network that is trusted, or a tunnel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace loadgen::fleet {

constexpr std::size_t kNonceSize = 32;  // as text
constexpr std::size_t kProofSize = 64;

// Random, in hexadecimal digits.
std::string make_nonce();

enum class Side { coordinator, agent };
std::string proof_of(std::string_view token, Side side, std::string_view coordinators_nonce,
                     std::string_view agents_nonce);

// In a time that does not depend on where they differ.
bool same(std::string_view one, std::string_view other) noexcept;

}  // namespace loadgen::fleet
