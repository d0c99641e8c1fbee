// Access log lines, without the line end.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: be made to write a second line, whatever the entry holds.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <span>

#include "server/config/access_format.hpp"
#include "server/log/access_entry.hpp"

namespace baton::log {

using WallTime = std::chrono::system_clock::time_point;

// Apache's combined format, then the request id and the duration in milliseconds:
// 127.0.0.1 - - [31/Jan/2026:12:00:00 +0000] "GET /x HTTP/1.1" 200 12 "referer" "user agent" id 1.234
void append_common(fmt::memory_buffer& out, const AccessEntry& entry, WallTime received);

// One JSON object.
void append_json_object(fmt::memory_buffer& out, const AccessEntry& entry, WallTime received);

void append_format(fmt::memory_buffer& out, std::span<const config::FormatPiece> format,
                   const AccessEntry& entry, WallTime received);

}  // namespace baton::log
