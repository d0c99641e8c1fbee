#include "loadgen/plan/fault.hpp"

#include <fmt/format.h>

namespace loadgen::plan {

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    std::string result = "\"";
    for (const char c : text.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\x{:02x}", byte);
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace loadgen::plan
