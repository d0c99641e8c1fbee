#include "server/app/versions.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <boost/version.hpp>
#include <string_view>

namespace baton::app {

namespace {

// With its date, but not its name, which it says of itself.
std::string openssl() {
    const std::string_view text = OpenSSL_version(OPENSSL_VERSION);
    constexpr std::string_view kName = "OpenSSL ";
    return std::string(text.starts_with(kName) ? text.substr(kName.size()) : text);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> versions(std::string python) {
    return {{"Baton", BATON_VERSION},
            {"CPython", std::move(python)},
            {"Boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                                  BOOST_VERSION % 100)},
            {"OpenSSL", openssl()}};
}

}  // namespace baton::app
