// The little language of --access-log FORMAT: text with atoms such as {method}. "{{" and "}}" are braces.
//
// Threads: pure functions over constants.
// Lifetime: a parsed format owns its text.
// Cannot: write lines; the log room does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/parsed.hpp"

namespace baton::config {

enum class Atom {
    time,
    remote,
    method,
    target,
    protocol,
    status,
    bytes,
    id,
    route,
    referer,
    user_agent,
    duration_ms,
    queue_ms,
    gil_wait_ms,
    gil_hold_ms,
    lock_wait_ms,
    ready_ms,
    off_gil_ms,
    send_ms,
};

struct AtomInfo {
    Atom atom;
    std::string_view name;
    std::string_view meaning;
};
std::span<const AtomInfo> atoms();

struct FormatPiece {
    std::string text;
    std::optional<Atom> atom;  // instead of text
};
Parsed<std::vector<FormatPiece>> access_format(std::string_view text);

}  // namespace baton::config
