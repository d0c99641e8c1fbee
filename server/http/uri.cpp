#include "server/http/uri.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>

namespace baton::http {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string_view> after_scheme(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (target.size() > scheme.size() && boost::beast::iequals(target.substr(0, scheme.size()), scheme))
            return target.substr(scheme.size());
    return std::nullopt;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// RFC 3986: reg-name, IP-literal, port.
constexpr std::array<bool, 256> host_characters() {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view("-._~%!$&'()*+,;=:[]")) table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> kHost = host_characters();

}  // namespace

std::optional<Target> split_target(std::string_view target) {
    if (target == "*") return Target{{}, target, {}};
    // A fragment is the client's own business and never sent (RFC 9112 section 3.2); readers of it differ.
    if (target.find('#') != std::string_view::npos) return std::nullopt;
    Target parts;
    std::string_view rest = target;
    if (target.empty() || target.front() != '/') {
        const auto absolute = after_scheme(target);
        if (!absolute) return std::nullopt;
        const std::size_t end = absolute->find_first_of("/?");
        parts.authority = absolute->substr(0, end);
        if (parts.authority.empty() || !valid_host(parts.authority)) return std::nullopt;
        rest = end == std::string_view::npos ? absolute->substr(absolute->size()) : absolute->substr(end);
    }
    const std::size_t mark = rest.find('?');
    parts.path = rest.substr(0, mark);
    if (mark != std::string_view::npos) parts.query = rest.substr(mark + 1);
    return parts;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out.push_back(static_cast<char>(high * 16 + low));
                i += 2;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

bool valid_host(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) { return kHost[static_cast<unsigned char>(c)]; });
}

bool names_other_http_version(std::string_view bytes) {
    const std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
    const std::size_t at = line.rfind(" HTTP/");
    if (at == std::string_view::npos) return false;
    const std::string_view version = line.substr(at + 6);
    const bool known = version == "1.0" || version == "1.1";
    return !known && version.size() == 3 && digit(version[0]) && version[1] == '.' && digit(version[2]);
}

}  // namespace baton::http
