// Text to numbers, sizes, durations and truth values.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: accept what a human may have meant otherwise, such as "1MB" (10^6 or 2^20?) or "10 sec".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/config/parsed.hpp"

namespace baton::config {

// In double quotes, on one line whatever the text holds, and not longer than a line should be.
std::string in_quotes(std::string_view text);

std::string_view trimmed(std::string_view text);

Parsed<std::uint64_t> whole_number(std::string_view text, std::uint64_t least, std::uint64_t most);

// Bytes: a whole number, or one with k, M or G (also KiB, MiB, GiB): powers of 1024.
Parsed<std::uint64_t> size(std::string_view text, std::uint64_t least, std::uint64_t most);

// 250ms, 10s, 2m, 1h; a plain number is seconds; "off" and 0 give zero.
Parsed<std::chrono::milliseconds> duration(std::string_view text);

// CPython's switch interval; it has no "off".
Parsed<double> switch_interval(std::string_view text);

Parsed<bool> truth(std::string_view text);

// 65536 -> "64k"; the longest unit that divides.
std::string size_text(std::uint64_t bytes);

}  // namespace baton::config
