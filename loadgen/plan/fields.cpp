#include "loadgen/plan/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace loadgen::plan {

namespace {

constexpr std::size_t kLongestName = 256;
constexpr std::size_t kLongestValue = 64 * 1024;
constexpr std::size_t kMostHeaders = 100;

struct Reserved {
    std::string_view name;
    std::string_view because;
};

constexpr std::array<Reserved, 9> kReserved{{
    {"content-length", "it follows from the body"},
    {"transfer-encoding", "ask for chunked = true in a scenario"},
    {"connection", "ask for fresh-connection = true in a scenario"},
    {"keep-alive", "ask for fresh-connection = true in a scenario"},
    {"upgrade", "use a ws:// or wss:// URL"},
    {"trailer", "trailers are not sent"},
    {"sec-websocket-key", "it differs with each handshake"},
    {"sec-websocket-version", "it is always 13"},
    {"sec-websocket-extensions", "no extension is spoken"},
}};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// RFC 9110, 5.5: visible characters, blanks, tabs, and bytes above ASCII.
bool is_value(std::string_view text) {
    return text == trimmed(text) && std::all_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return c == '\t' || (byte >= 0x20 && byte != 0x7f);
           });
}

}  // namespace

bool same_name(std::string_view one, std::string_view other) noexcept {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

Parsed<Header> parse_header(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return Fault{fmt::format("a header is written 'Name: value', not {}", in_quotes(text))};
    Header header{std::string(text.substr(0, colon)), std::string(trimmed(text.substr(colon + 1)))};
    if (Problem problem = check_header(header)) return std::move(*problem);
    return header;
}

Problem check_header(const Header& header) {
    if (!is_token(header.name) || header.name.size() > kLongestName)
        return Fault{fmt::format("{} is not a header's name", in_quotes(header.name))};
    for (const Reserved& reserved : kReserved)
        if (same_name(header.name, reserved.name))
            return Fault{fmt::format("the header {} cannot be set: {}", header.name, reserved.because)};
    if (header.value.size() > kLongestValue)
        return Fault{fmt::format("the value of {} is longer than {} bytes", header.name, kLongestValue)};
    if (!is_value(header.value)) {
        return Fault{fmt::format("the value of {} has control characters, or blanks at an end: {}",
                                 header.name, in_quotes(header.value))};
    }
    if (same_name(header.name, "host") && header.value.find_first_of(" \t,/") != std::string::npos)
        return Fault{fmt::format("the value of {} is not a host: {}", header.name, in_quotes(header.value))};
    return std::nullopt;
}

Problem check_headers(const std::vector<Header>& headers) {
    if (headers.size() > kMostHeaders)
        return Fault{fmt::format("there are more than {} headers", kMostHeaders)};
    for (const Header& header : headers)
        if (Problem problem = check_header(header)) return problem;
    const auto hosts = std::count_if(headers.begin(), headers.end(),
                                     [](const Header& h) { return same_name(h.name, "host"); });
    // RFC 9112, 3.2: a server has to refuse two of them.
    if (hosts > 1) return Fault{"the header Host is given twice"};
    return std::nullopt;
}

Problem check_method(std::string_view method) {
    constexpr std::size_t kLongestMethod = 32;
    if (!is_token(method) || method.size() > kLongestMethod)
        return Fault{fmt::format("{} is not a method", in_quotes(method))};
    if (method == "CONNECT") return Fault{"CONNECT cannot be sent: what follows it is not HTTP"};
    return std::nullopt;
}

}  // namespace loadgen::plan
