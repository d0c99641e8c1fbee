#include "server/config/access_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/config/values.hpp"

namespace baton::config {

namespace {

constexpr std::array kAtoms{
    AtomInfo{Atom::time, "time", "when the request's head was complete, UTC (2026-01-31T12:00:00.000Z)"},
    AtomInfo{Atom::remote, "remote", "the client's address"},
    AtomInfo{Atom::method, "method", "GET, POST, ..."},
    AtomInfo{Atom::target, "target", "the request target as sent: path and query"},
    AtomInfo{Atom::protocol, "protocol", "HTTP/1.1 or HTTP/1.0"},
    AtomInfo{Atom::status, "status", "the response's status"},
    AtomInfo{Atom::bytes, "bytes", "bytes of response body"},
    AtomInfo{Atom::id, "id", "the request id, as in X-Request-ID"},
    AtomInfo{Atom::route, "route", "the route template that the metrics count it under"},
    AtomInfo{Atom::referer, "referer", "the Referer field"},
    AtomInfo{Atom::user_agent, "user_agent", "the User-Agent field"},
    AtomInfo{Atom::duration_ms, "duration_ms",
             "head complete to last byte handed to the kernel, milliseconds"},
    AtomInfo{Atom::queue_ms, "queue_ms", "waiting for an interpreter thread or event loop"},
    AtomInfo{Atom::gil_wait_ms, "gil_wait_ms", "waiting for the GIL"},
    AtomInfo{Atom::gil_hold_ms, "gil_hold_ms", "holding the GIL"},
    AtomInfo{Atom::lock_wait_ms, "lock_wait_ms", "waiting for a Python lock"},
    AtomInfo{Atom::ready_ms, "ready_ms", "could have run, but the event loop was at others"},
    AtomInfo{Atom::off_gil_ms, "off_gil_ms", "running or waiting without the GIL otherwise"},
    AtomInfo{Atom::send_ms, "send_ms", "sending after the application was done"},
};

Error unknown(std::string_view name) {
    std::string known;
    for (const AtomInfo& info : kAtoms) known += fmt::format("{}{}", known.empty() ? "" : ", ", info.name);
    return {fmt::format("there is no atom {} (there are {})", in_quotes(fmt::format("{{{}}}", name)), known)};
}

void add_text(std::vector<FormatPiece>& pieces, char c) {
    if (pieces.empty() || pieces.back().atom) pieces.emplace_back();
    pieces.back().text += c;
}

}  // namespace

std::span<const AtomInfo> atoms() {
    return kAtoms;
}

Parsed<std::vector<FormatPiece>> access_format(std::string_view text) {
    std::vector<FormatPiece> pieces;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool brace = c == '{' || c == '}';
        if (!brace || (i + 1 < text.size() && text[i + 1] == c)) {
            add_text(pieces, c);
            i += brace ? 1 : 0;
            continue;
        }
        const std::size_t end = c == '{' ? text.find('}', i) : std::string_view::npos;
        if (end == std::string_view::npos) {
            return Error{fmt::format("a single {} in {} (write {}{} for the character itself)", c,
                                     in_quotes(text), c, c)};
        }
        const std::string_view name = text.substr(i + 1, end - i - 1);
        const auto* const info =
            std::find_if(kAtoms.begin(), kAtoms.end(), [&](const AtomInfo& a) { return a.name == name; });
        if (info == kAtoms.end()) return unknown(name);
        pieces.push_back({{}, info->atom});
        i = end;
    }
    return pieces;
}

}  // namespace baton::config
