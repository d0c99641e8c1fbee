#include "server/http/upgrade.hpp"

#include <algorithm>
#include <cctype>

namespace baton::http {

namespace {

bool same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool has_token(const Request& request, std::string_view name, std::string_view token) {
    const auto tokens = list_of(request, name);
    return std::any_of(tokens.begin(), tokens.end(), [&](std::string_view t) { return same(t, token); });
}

std::size_t count(const Request& request, std::string_view name) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < request.field_count(); ++i)
        found += same(request.field(i).name, name) ? 1 : 0;
    return found;
}

// Base64 of 16 bytes: 22 digits, of which the last carries two bits, and "==".
bool is_key(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    const auto digit = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; };
    return std::all_of(key.begin(), key.end() - 2, digit) &&
           std::string_view("AQgw").find(key[21]) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool asks_for_web_socket(const Request& request) {
    return request.method() == "GET" && request.version() == 11 && request.find("Upgrade").has_value() &&
           has_token(request, "Connection", "upgrade") && has_token(request, "Upgrade", "websocket");
}

UpgradeFault check_web_socket(const Request& request) {
    const auto version = request.find("Sec-WebSocket-Version");
    if (!version || *version != "13" || count(request, "Sec-WebSocket-Version") != 1)
        return {426, "This server speaks version 13 of the WebSocket protocol.",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"};
    if (count(request, "Sec-WebSocket-Key") != 1 || !is_key(*request.find("Sec-WebSocket-Key")))
        return {400, "Sec-WebSocket-Key is not the base64 of 16 bytes.", {}};
    for (const std::string_view name : {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"})
        if (joined(request, name).size() > kHandshakeFieldBytes)
            return {431, "A WebSocket's opening handshake has no fields of that length.", {}};
    if (request.has_body()) return {400, "A WebSocket's opening handshake has no body.", {}};
    return {};
}

std::vector<std::string_view> list_of(const Request& request, std::string_view name) {
    std::vector<std::string_view> elements;
    for (std::size_t i = 0; i < request.field_count(); ++i) {
        if (!same(request.field(i).name, name)) continue;
        std::string_view rest = request.field(i).value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string_view element = trimmed(rest.substr(0, comma));
            if (!element.empty()) elements.push_back(element);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return elements;
}

std::string joined(const Request& request, std::string_view name) {
    std::string all;
    for (std::size_t i = 0; i < request.field_count(); ++i) {
        if (!same(request.field(i).name, name)) continue;
        if (!all.empty()) all.append(", ");
        all.append(request.field(i).value);
    }
    return all;
}

}  // namespace baton::http
