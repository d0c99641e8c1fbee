// Bytes of strangers as UTF-8, for formats whose texts have to be that.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: guess other encodings: what is no UTF-8 becomes
// U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::http {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes at the start of `text`, which is not empty, are one well-formed character (Unicode 15, table
// 3-7); 0 when they are none.
inline std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80                     ? 1
                               : first >= 0xC2 && first <= 0xDF ? 2
                               : first >= 0xE0 && first <= 0xEF ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    if (length < 2) return length;
    if (text.size() < length) return 0;
    // Overlong forms, surrogates, and what is above U+10FFFF show in the second byte.
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    return length;
}

// How many bytes at the start are UTF-8.
inline std::size_t utf8_prefix(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size()) {
        const std::size_t length = utf8_length(text.substr(size));
        if (length == 0) break;
        size += length;
    }
    return size;
}

// The same text with U+FFFD in the place of each byte that belongs to no character.
inline std::string utf8(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t good = utf8_prefix(text);
        out.append(text.substr(0, good));
        if (good == text.size()) return out;
        out.append(kReplacement);
        text.remove_prefix(good + 1);
    }
}

}  // namespace baton::http
