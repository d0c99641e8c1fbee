#include "loadgen/fleet/token.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace loadgen::fleet {

namespace {

template <std::size_t N>
std::string in_hex(const std::array<unsigned char, N>& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace

std::string make_nonce() {
    std::array<unsigned char, kNonceSize / 2> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("no random numbers are to be had");
    return in_hex(bytes);
}

std::string proof_of(std::string_view token, Side side, std::string_view coordinators_nonce,
                     std::string_view agents_nonce) {
    const std::string text = fmt::format("baton-load {} {} {}", side == Side::agent ? "agent" : "coordinator",
                                         coordinators_nonce, agents_nonce);
    std::array<unsigned char, kProofSize / 2> digest{};
    unsigned size = 0;
    const unsigned char* const made =
        HMAC(EVP_sha256(), token.data(), static_cast<int>(token.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    if (made == nullptr || size != digest.size()) throw std::runtime_error("no SHA-256 is to be had");
    return in_hex(digest);
}

bool same(std::string_view one, std::string_view other) noexcept {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace loadgen::fleet
