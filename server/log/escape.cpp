#include "server/log/escape.hpp"

#include <cstddef>
#include <iterator>

#include "server/http/utf8.hpp"

namespace baton::log {

namespace {

void append(fmt::memory_buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
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
        const std::size_t length = http::utf8_length(text);
        const std::string_view character = text.substr(0, length);
        if (length == 0) {
            append(out, http::kReplacement);
        } else if (length == 1) {
            append_json_ascii(out, text.front());
        } else if (is_c1_control(character)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(character[1]));
        } else {
            append(out, character);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

}  // namespace baton::log
