// Text from strangers, made safe for a line of a log: it cannot end the line, close a quote or drive a
// terminal.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: be undone exactly by JSON readers when the text was not UTF-8 (broken bytes become U+FFFD).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace baton::log {

// For plain lines: \" and \\, and \xHH for everything that is not printable ASCII.
void append_escaped(fmt::memory_buffer& out, std::string_view text);
std::string escaped(std::string_view text);

// For the inside of a JSON string (RFC 8259 section 7).
void append_json(fmt::memory_buffer& out, std::string_view text);

}  // namespace baton::log
