#include "loadgen/plan/url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace loadgen::plan {

namespace {

constexpr std::size_t kLongestUrl = 16 * 1024;
constexpr std::size_t kLongestHost = 253;    // RFC 1035, 2.3.4, as text
constexpr std::size_t kLongestSocket = 107;  // sockaddr_un::sun_path with its end

struct Scheme {
    Kind kind;
    bool tls;
    bool unix_socket;
    std::size_t length;  // with the colon
};

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

int hexadecimal(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool escape_at(std::string_view text, std::size_t at) {
    return at + 2 < text.size() && hexadecimal(text[at + 1]) >= 0 && hexadecimal(text[at + 2]) >= 0;
}

// Faults of the text as a whole: blanks and control characters anywhere, whatever they would mean there.
Problem check_text(std::string_view text) {
    if (text.empty()) return Fault{"is empty"};
    if (text.size() > kLongestUrl) return Fault{fmt::format("is longer than {} bytes", kLongestUrl)};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == ' ') return Fault{fmt::format("has a blank at character {} (write %20)", i + 1)};
        if (byte < 0x20 || byte == 0x7f)
            return Fault{fmt::format("has a control character (0x{:02x}) at character {}", byte, i + 1)};
        if (byte == '%' && !escape_at(text, i)) {
            return Fault{fmt::format(
                "has a % at character {} without two hexadecimal digits behind it (write %25)", i + 1)};
        }
    }
    return std::nullopt;
}

// unreserved, sub-delims, ':', '@', '/' and '?' stand for themselves (RFC 3986, 3.4).
bool is_plain(char c) {
    return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos;
}

// The rest of a URL behind host or socket: nothing, a path, a query, a fragment.
std::string path_of(std::string_view rest) {
    rest = rest.substr(0, rest.find('#'));
    std::string result = rest.starts_with('/') ? "" : "/";
    for (const char c : rest) {
        if (is_plain(c)) {
            result += c;
        } else {
            result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return result;
}

std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            result += static_cast<char>(hexadecimal(text[i + 1]) * 16 + hexadecimal(text[i + 2]));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::optional<Scheme> scheme_of(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string name = lower(url.substr(0, colon));
    Scheme scheme{Kind::http, false, false, colon + 1};
    if (name.ends_with("+unix")) {
        scheme.unix_socket = true;
        name.resize(name.size() - 5);
    }
    scheme.tls = name == "https" || name == "wss";
    scheme.kind = name == "ws" || name == "wss" ? Kind::websocket : Kind::http;
    if (!scheme.tls && name != "http" && name != "ws") return std::nullopt;
    return scheme;
}

Fault no_scheme(std::string_view url) {
    // "ftp://…" has a scheme, "localhost:8000" does not.
    const std::size_t slashes = url.find("://");
    if (slashes != std::string_view::npos && slashes < url.find_first_of("/?#")) {
        return Fault{fmt::format("has the scheme {}; there are http, https, ws, wss, and those with +unix",
                                 in_quotes(url.substr(0, slashes)))};
    }
    return Fault{"has no scheme; it starts with http://, https://, ws://, wss:// or http+unix:"};
}

// A literal IPv6 address, perhaps with a zone (RFC 6874: behind %25; people write % alone, which check_text
// has let pass when it looked like an escape).
Parsed<std::string> ipv6(std::string_view text) {
    const std::size_t zone = text.find('%');
    const std::string address(text.substr(0, zone));
    in6_addr parsed{};
    if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1)
        return Fault{fmt::format("has {} in brackets, which is no IPv6 address", in_quotes(text))};
    if (zone == std::string_view::npos) return address;
    std::string_view name = text.substr(zone + 1);
    if (name.starts_with("25")) name.remove_prefix(2);
    const bool good =
        !name.empty() && name.size() < 16 &&
        std::all_of(
            name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
    if (!good) return Fault{"has an IPv6 address with an unusable zone (write [fe80::1%25eth0])"};
    return fmt::format("{}%{}", address, name);
}

Parsed<std::string> host_name(std::string_view text) {
    if (text.empty()) return Fault{"has no host"};
    if (text.find(':') != std::string_view::npos)
        return Fault{"has more than one colon in its host; an IPv6 address goes in brackets, [::1]"};
    if (text.size() > kLongestHost)
        return Fault{fmt::format("has a host of more than {} bytes", kLongestHost)};
    for (const char c : text) {
        if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_') continue;
        if (static_cast<signed char>(c) < 0)
            return Fault{"has letters outside ASCII in its host; write the form that starts with xn--"};
        return Fault{fmt::format("has {} in its host", in_quotes(std::string_view(&c, 1)))};
    }
    return lower(text);
}

// Empty means the default (RFC 3986, 3.2.3).
Parsed<std::string> port_of(std::string_view text, bool tls) {
    if (text.empty()) return std::string(tls ? "443" : "80");
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > 65535)
        return Fault{fmt::format("has the port {}; ports are 1 to 65535", in_quotes(text))};
    return std::to_string(number);
}

// [address]:port or name:port; both parts still raw.
struct Place {
    std::string_view host;
    std::string_view port;
    bool bracketed = false;
};

Parsed<Place> place_of(std::string_view text) {
    Place place;
    std::size_t end = 0;
    if (text.starts_with('[')) {
        end = text.find(']');
        if (end == std::string_view::npos) return Fault{"has a '[' without a ']'"};
        place.bracketed = true;
        place.host = text.substr(1, end - 1);
        ++end;
        if (end < text.size() && text[end] != ':') return Fault{"has something else than a port behind ']'"};
    } else {
        end = std::min(text.rfind(':'), text.size());
        place.host = text.substr(0, end);
    }
    if (end < text.size()) place.port = text.substr(end + 1);
    return place;
}

Problem set_host(std::string_view text, Target& target) {
    if (text.find('@') != std::string_view::npos)
        return Fault{"has a user name or password in it; send them as a header: Authorization: Basic ..."};
    const Parsed<Place> place = place_of(text);
    if (!place) return place.fault();
    Parsed<std::string> host = place->bracketed ? ipv6(place->host) : host_name(place->host);
    if (!host) return host.fault();
    Parsed<std::string> port = port_of(place->port, target.tls);
    if (!port) return port.fault();
    target.host = std::move(*host);
    target.port = std::move(*port);
    // A zone means something on this machine only (RFC 6874, 4).
    target.authority = target.host.substr(0, target.host.find('%'));
    if (place->bracketed) target.authority = '[' + target.authority + ']';
    if (target.port != (target.tls ? "443" : "80")) target.authority += ':' + target.port;
    return std::nullopt;
}

// Takes the socket off the front of `rest`.
Problem set_socket(std::string_view& rest, Target& target) {
    const bool as_host = rest.starts_with("//") && !rest.starts_with("///");
    if (rest.starts_with("//")) rest.remove_prefix(2);
    const std::string_view whole = rest;
    std::size_t end = as_host ? whole.find('/') : whole.find(":/");
    if (!as_host && end == std::string_view::npos && whole.ends_with(':')) end = whole.size() - 1;
    end = std::min(end, whole.size());
    rest.remove_prefix(std::min(as_host ? end : end + 1, whole.size()));
    target.unix_socket = decoded(whole.substr(0, end));
    if (target.unix_socket.empty() || target.unix_socket == "@")
        return Fault{"names no socket; write http+unix:/path/of/socket:/path"};
    if (target.unix_socket.find('\0') != std::string::npos)
        return Fault{"has a null byte in its socket's path"};
    if (target.unix_socket.size() > kLongestSocket)
        return Fault{fmt::format("has a socket's path of more than {} bytes", kLongestSocket)};
    target.authority = "localhost";
    return std::nullopt;
}

Parsed<Address> taken_apart(std::string_view url) {
    if (Problem problem = check_text(url)) return std::move(*problem);
    const std::optional<Scheme> scheme = scheme_of(url);
    if (!scheme) return no_scheme(url);
    Address address;
    address.kind = scheme->kind;
    address.target.tls = scheme->tls;
    std::string_view rest = url.substr(scheme->length);
    if (scheme->unix_socket) {
        if (Problem problem = set_socket(rest, address.target)) return std::move(*problem);
    } else {
        if (!rest.starts_with("//")) return Fault{"has no // behind its scheme"};
        rest.remove_prefix(2);
        const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
        if (Problem problem = set_host(rest.substr(0, end), address.target)) return std::move(*problem);
        rest.remove_prefix(end);
    }
    address.target.path = path_of(rest);
    return address;
}

// The URL for a message: with nothing that may be a password, and not long.
std::string shown(std::string_view url) {
    const std::size_t at = url.rfind('@');
    if (at == std::string_view::npos || url.find("+unix:") != std::string_view::npos) return in_quotes(url);
    const std::size_t start = url.find("//");
    return in_quotes((start < at ? std::string(url.substr(0, start + 2)) : "") + "..." +
                     std::string(url.substr(at)));
}

}  // namespace

Parsed<Address> parse_url(std::string_view url) {
    Parsed<Address> address = taken_apart(url);
    if (address) return address;
    return Fault{fmt::format("the URL {} {}", shown(url), address.why())};
}

Parsed<std::string> parse_path(std::string_view text) {
    Problem problem = check_text(text);
    if (!problem && !text.starts_with('/')) problem = Fault{"does not start with '/'"};
    if (problem) return Fault{fmt::format("the path {} {}", in_quotes(text), problem->why)};
    return path_of(text);
}

}  // namespace loadgen::plan
