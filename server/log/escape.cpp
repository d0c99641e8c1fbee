#include "server/log/escape.hpp"

#include <array>
#include <cstddef>
#include <iterator>

namespace baton::log {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append(fmt::memory_buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

// How many bytes at the start of `text` are one well-formed UTF-8 character of more than one byte (Unicode
// 15, table 3-7); 0 when they are not one.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                               : first >= 0xE0 && first <= 0xEF ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    if (length == 0 || text.size() < length) return 0;
    // Overlong forms, surrogates, and what is above U+10FFFF show in the second byte.
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    return length;
}

void append_json_ascii(fmt::memory_buffer& out, char c) {
    switch (c) {
        case '"':
            return append(out, "\\\"");
        case '\\':
            return append(out, "\\\\");
        case '\n':
            return append(out, "\\n");
        case '\r':
            return append(out, "\\r");
        case '\t':
            return append(out, "\\t");
        default:
            break;
    }
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
        out.push_back(c);
    }
}

// U+0080 to U+009F are control characters, too: terminals obey some of them.
bool is_c1_control(std::string_view character) {
    return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

void append_escaped(fmt::memory_buffer& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e) {
            fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
        } else {
            if (c == '"' || c == '\\') out.push_back('\\');
            out.push_back(c);
        }
    }
}

std::string escaped(std::string_view text) {
    fmt::memory_buffer out;
    append_escaped(out, text);
    return fmt::to_string(out);
}

void append_json(fmt::memory_buffer& out, std::string_view text) {
    while (!text.empty()) {
        const bool ascii = (static_cast<unsigned char>(text.front()) & 0x80) == 0;
        const std::size_t length = ascii ? 1 : utf8_length(text);
        const std::string_view character = text.substr(0, length);
        if (ascii) {
            append_json_ascii(out, text.front());
        } else if (length == 0) {
            append(out, kReplacement);
        } else if (is_c1_control(character)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(character[1]));
        } else {
            append(out, character);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

}  // namespace baton::log
