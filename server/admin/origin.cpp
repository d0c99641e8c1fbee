#include "server/admin/origin.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <string>

namespace baton::admin {

namespace {

constexpr std::string_view kLocalhost = "localhost";

bool is_port(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// In numbers: 127.0.0.1 or ::1.
bool is_address(std::string_view text, bool v6) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(text), error);
    return !error && address.is_v6() == v6;
}

bool is_localhost(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() < kLocalhost.size()) return false;
    const std::string_view before = name.substr(0, name.size() - kLocalhost.size());
    return boost::beast::iequals(name.substr(before.size()), kLocalhost) &&
           (before.empty() || before.ends_with('.'));
}

}  // namespace

bool is_local_host(std::string_view host) {
    if (host.empty()) return true;
    const bool v6 = host.starts_with('[');
    const std::size_t end = v6 ? host.find(']') : host.find(':');
    if (v6 && end == std::string_view::npos) return false;
    const std::string_view name = v6 ? host.substr(1, end - 1) : host.substr(0, end);
    std::string_view port = host.substr(std::min(v6 ? end + 1 : end, host.size()));
    if (!port.empty()) {
        if (!port.starts_with(':')) return false;
        port.remove_prefix(1);
    }
    return is_port(port) && (is_address(name, v6) || (!v6 && is_localhost(name)));
}

bool is_cross_site(std::string_view site) {
    return boost::beast::iequals(site, "cross-site");
}

}  // namespace baton::admin
