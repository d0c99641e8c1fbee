#include "loadgen/compare/addresses.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace loadgen::compare {

namespace {

constexpr std::string_view kPort = "{port}";
constexpr std::string_view kAdmin = "{admin}";

void replace(std::string& text, std::string_view name, std::uint16_t port) {
    const std::string number = std::to_string(port);
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + number.size()))
        text.replace(at, name.size(), number);
}

}  // namespace

Addresses free_addresses() {
    using boost::asio::ip::tcp;
    boost::asio::io_context context(1);
    const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
    // Both are open at once, so that they differ.
    const tcp::acceptor first(context, any);
    const tcp::acceptor second(context, any);
    return {first.local_endpoint().port(), second.local_endpoint().port()};
}

std::string filled(std::string_view text, const Addresses& addresses) {
    std::string result(text);
    replace(result, kPort, addresses.port);
    replace(result, kAdmin, addresses.admin);
    return result;
}

bool names_admin(std::string_view text) noexcept {
    return text.find(kAdmin) != std::string_view::npos;
}

}  // namespace loadgen::compare
