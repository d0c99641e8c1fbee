#include "server/routing/collapse.hpp"

#include <cstdint>

#include "server/http/utf8.hpp"

namespace baton::routing {
namespace {

constexpr std::size_t kOpaqueLength = 16;
constexpr std::size_t kLabelLength = 128;

// What a segment consists of, found in one pass.
struct Census {
    std::size_t digits = 0;
    std::size_t hex_letters = 0;
    std::size_t hyphens = 0;
    bool base64url = true;
    // Changes between letter and digit within one word: "v2" has one, "report-v2-2024" never more than one in
    // a word, "V1StGXR8" three.
    std::size_t most_changes = 0;
};

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool hex_letter(char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

Census count(std::string_view segment) {
    Census census;
    std::size_t changes = 0;
    char before = '-';
    for (const char c : segment) {
        if (digit(c)) {
            ++census.digits;
            changes += letter(before) ? 1 : 0;
        } else if (letter(c)) {
            census.hex_letters += hex_letter(c) ? 1 : 0;
            changes += digit(before) ? 1 : 0;
        } else if (c == '-' || c == '_') {
            census.hyphens += c == '-' ? 1 : 0;
            changes = 0;
        } else {
            census.base64url = false;
            return census;
        }
        if (changes > census.most_changes) census.most_changes = changes;
        before = c;
    }
    return census;
}

// 8-4-4-4-12 (RFC 9562 section 4); the caller has seen that it is hex and hyphens.
bool uuid(std::string_view segment) {
    return segment.size() == 36 && segment[8] == '-' && segment[13] == '-' && segment[18] == '-' &&
           segment[23] == '-';
}

}  // namespace

bool is_identifier(std::string_view segment) {
    const Census census = count(segment);
    if (!census.base64url || census.digits == 0) return false;
    if (census.digits + census.hyphens == segment.size()) return true;
    const bool hex = census.digits + census.hex_letters + census.hyphens == segment.size();
    if (hex && uuid(segment) && census.hyphens == 4) return true;
    if (segment.size() < kOpaqueLength) return false;
    return (hex && census.hyphens == 0) || census.most_changes >= 2;
}

void collapse(std::string_view path, std::string& out) {
    out.clear();
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        if (is_identifier(segment)) {
            out.append("{id}");
        } else {
            out.append(segment);
        }
        if (slash == std::string_view::npos) return;
        out.push_back('/');
        path.remove_prefix(slash + 1);
    }
}

bool is_label(std::string_view text) {
    if (text.empty() || text.size() > kLabelLength) return false;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        if (first < 0x20 || first == 0x7F) return false;
        const std::size_t length = http::utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace baton::routing
