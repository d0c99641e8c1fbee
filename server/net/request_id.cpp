#include "server/net/request_id.hpp"

#include <algorithm>
#include <cctype>
#include <random>

namespace baton::net {

RequestIds::RequestIds() {
    std::random_device device;
    state_ = (std::uint64_t{device()} << 32) | device();
}

void RequestIds::next(std::string& out) {
    // splitmix64: a counter through a bijection, so no value comes twice within one state's period of 2^64.
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    x ^= x >> 31;
    out.resize(16);
    for (char& digit : out) {
        digit = "0123456789abcdef"[x & 15U];
        x >>= 4;
    }
}

bool RequestIds::acceptable(std::string_view id) {
    static constexpr std::string_view punctuation = "._:/+=@-";
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               punctuation.find(c) != std::string_view::npos;
    });
}

}  // namespace baton::net
