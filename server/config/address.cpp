#include "server/config/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "server/config/values.hpp"

namespace baton::config {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kInherited = "fd://";
constexpr std::uint64_t kHighestDescriptor = 1 << 20;  // Linux's default fs.nr_open

Error not_an_address(std::string_view text) {
    return {fmt::format("must be HOST:PORT (such as 127.0.0.1:8000, [::1]:8000 or :8000), not {}",
                        in_quotes(text))};
}

// The usual spelling of a numeric address, or nothing when it is none.
std::optional<std::string> canonical(int family, const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_pton(family, host.c_str(), address.data()) != 1) return std::nullopt;
    return inet_ntop(family, address.data(), text.data(), text.size());
}

std::optional<std::string> ipv6_host(std::string_view inside) {
    const std::size_t percent = inside.find('%');  // a zone: fe80::1%eth0, RFC 4007 section 11
    std::optional<std::string> address = canonical(AF_INET6, std::string(inside.substr(0, percent)));
    if (!address || percent == std::string_view::npos) return address;
    const std::string_view zone = inside.substr(percent + 1);
    if (zone.empty() || zone.find_first_of(" \t%[]/") != std::string_view::npos) return std::nullopt;
    return *address + "%" + std::string(zone);
}

std::optional<std::string> name_or_ipv4(std::string_view host) {
    if (host.empty()) return "0.0.0.0";
    if (host.find_first_not_of("0123456789.") == std::string_view::npos)
        return canonical(AF_INET, std::string(host));
    const bool is_name = std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    });
    if (!is_name) return std::nullopt;
    return std::string(host);
}

bool is_ipv4(const std::string& host) {
    return canonical(AF_INET, host).has_value();
}

bool tcp_collide(const TcpAddress& a, const TcpAddress& b) {
    if (a.port != b.port || a.port == 0) return false;
    if (a.host == b.host) return true;
    return (a.host == "0.0.0.0" && is_ipv4(b.host)) || (b.host == "0.0.0.0" && is_ipv4(a.host));
}

}  // namespace

Parsed<TcpAddress> tcp_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return not_an_address(text);
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (!bracketed && host.find(':') != std::string_view::npos) {
        return Error{
            fmt::format("an IPv6 address goes in brackets (such as [::1]:8000), not {}", in_quotes(text))};
    }
    const std::optional<std::string> name =
        bracketed ? ipv6_host(host.substr(1, host.size() - 2)) : name_or_ipv4(host);
    const Parsed<std::uint64_t> port = whole_number(text.substr(colon + 1), 0, 65535);
    if (!name || !port) return not_an_address(text);
    return TcpAddress{*name, static_cast<std::uint16_t>(*port)};
}

Parsed<BindAddress> bind_address(std::string_view text) {
    if (text.starts_with(kUnix)) {
        if (text.size() == kUnix.size()) return Error{"unix: needs a path (such as unix:/run/baton.sock)"};
        return BindAddress(UnixAddress{std::string(text.substr(kUnix.size()))});
    }
    if (text.starts_with(kInherited)) {
        // 0 to 2 are the standard streams.
        const Parsed<std::uint64_t> fd = whole_number(text.substr(kInherited.size()), 3, kHighestDescriptor);
        if (!fd) return Error{fmt::format("fd:// {}", fd.error())};
        return BindAddress(InheritedSocket{static_cast<int>(*fd)});
    }
    const Parsed<TcpAddress> tcp = tcp_address(text);
    if (!tcp) return Error{tcp.error()};
    return BindAddress(*tcp);
}

std::string to_string(const BindAddress& address) {
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) {
        const bool ipv6 = tcp->host.find(':') != std::string::npos;
        return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", tcp->host, ipv6 ? "]" : "", tcp->port);
    }
    if (const auto* local = std::get_if<UnixAddress>(&address)) return std::string(kUnix) + local->path;
    return fmt::format("{}{}", kInherited, std::get<InheritedSocket>(address).fd);
}

bool collide(const BindAddress& a, const BindAddress& b) {
    const auto* left = std::get_if<TcpAddress>(&a);
    const auto* right = std::get_if<TcpAddress>(&b);
    return left && right ? tcp_collide(*left, *right) : a == b;
}

}  // namespace baton::config
