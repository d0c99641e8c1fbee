#include "server/http/response.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <charconv>

namespace baton::http {

namespace {

using boost::beast::iequals;

constexpr std::array<bool, 256> token_table() {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> kToken = token_table();

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u < 0x20 && c != '\t') || u == 0x7f;
    });
}

// RFC 9110 section 7.6.1; Connection itself is looked at apart.
bool is_hop_by_hop(std::string_view name) {
    switch (name.size()) {
        case 2:
            return iequals(name, "TE");
        case 7:
            return iequals(name, "Trailer") || iequals(name, "Upgrade");
        case 8:
            return iequals(name, "Trailers");
        case 10:
            return iequals(name, "Keep-Alive");
        case 16:
            return iequals(name, "Proxy-Connection");
        case 18:
            return iequals(name, "Proxy-Authenticate");
        case 19:
            return iequals(name, "Proxy-Authorization");
        default:
            return false;
    }
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// Where the line of that name begins.
std::optional<std::size_t> find_line(std::string_view fields, std::string_view name) {
    for (std::size_t at = 0; at < fields.size(); at = fields.find('\n', at) + 1) {
        const std::string_view rest = fields.substr(at);
        if (rest.size() > name.size() && rest[name.size()] == ':' &&
            iequals(rest.substr(0, name.size()), name))
            return at;
    }
    return std::nullopt;
}

}  // namespace

std::string_view explain(FieldFault fault) {
    switch (fault) {
        case FieldFault::none:
            return "fine";
        case FieldFault::bad_name:
            return "the name is not a token";
        case FieldFault::bad_value:
            return "the value has a control character (CR, LF, NUL or another)";
        case FieldFault::bad_length:
            return "Content-Length must be one decimal number, and given once";
        case FieldFault::transfer_encoding:
            return "Transfer-Encoding is the server's to choose";
        case FieldFault::handshake:
            return "the handshake of a WebSocket is the server's";
        case FieldFault::too_long:
            return "no field of a WebSocket's handshake may be that long";
    }
    return "unknown";
}

bool ResponseHead::set_status(std::string_view line) {
    const auto digit = [&](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
    if (line.size() < 3 || !digit(0) || !digit(1) || !digit(2)) return false;
    if (line.size() > 3 && line[3] != ' ') return false;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    const std::string_view phrase = line.size() > 4 ? line.substr(4) : std::string_view{};
    if (code < 200 || !is_text(phrase)) return false;
    status = code;
    reason.assign(phrase);
    return true;
}

FieldFault ResponseHead::add(std::string_view name, std::string_view value) {
    if (!is_token(name)) return FieldFault::bad_name;
    if (!is_text(value)) return FieldFault::bad_value;
    switch (name.size()) {
        case 4:
            has_date = has_date || iequals(name, "Date");
            break;
        case 6:
            has_server = has_server || iequals(name, "Server");
            break;
        case 7:
            if (iequals(name, "Trailer")) trailer.append(trailer.empty() ? "" : ", ").append(value);
            break;
        case 10:
            if (iequals(name, "Connection")) {
                close = close || iequals(value, "close");
                return FieldFault::none;
            }
            break;
        case 14:
            if (iequals(name, "Content-Length")) {
                const auto length = parse_length(value);
                if (!length || content_length) return FieldFault::bad_length;
                if (status == 204) return FieldFault::none;  // must not have one (RFC 9110 section 8.6)
                content_length = length;
            }
            break;
        case 17:
            if (iequals(name, "Transfer-Encoding")) return FieldFault::transfer_encoding;
            break;
        default:
            break;
    }
    if (is_hop_by_hop(name)) return FieldFault::none;
    fields.append(name).append(": ").append(value).append("\r\n");
    return FieldFault::none;
}

std::optional<std::string_view> ResponseHead::find(std::string_view name) const {
    const auto at = find_line(fields, name);
    if (!at) return std::nullopt;
    const std::size_t value = *at + name.size() + 2;
    return std::string_view(fields).substr(value, fields.find('\r', value) - value);
}

void ResponseHead::set_length(std::uint64_t bytes) {
    constexpr std::string_view kName = "Content-Length";
    if (const auto at = find_line(fields, kName)) fields.erase(*at, fields.find('\n', *at) + 1 - *at);
    content_length = bytes;
    fields.append(kName).append(": ").append(std::to_string(bytes)).append("\r\n");
}

FieldFault append_field(std::string& lines, std::string_view name, std::string_view value) {
    if (!is_token(name)) return FieldFault::bad_name;
    if (!is_text(value)) return FieldFault::bad_value;
    for (const std::string_view framing : {"Connection", "Content-Length", "Transfer-Encoding"})
        if (iequals(name, framing)) return FieldFault::none;
    if (!is_hop_by_hop(name)) lines.append(name).append(": ").append(value).append("\r\n");
    return FieldFault::none;
}

void ResponseHead::clear() {
    status = 200;
    reason.clear();
    fields.clear();
    trailer.clear();
    content_length.reset();
    has_date = has_server = close = false;
}

}  // namespace baton::http
