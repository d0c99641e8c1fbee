#include "loadgen/plan/body.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "loadgen/plan/quantity.hpp"
#include "loadgen/plan/random.hpp"

namespace loadgen::plan {

namespace {

// RFC 8259, 7. TOML text is valid UTF-8, which stays as it is.
void write_string(std::string_view text, std::string& out) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

bool write(const toml::node& node, std::string& out);

bool write_table(const toml::table& table, std::string& out) {
    char separator = '{';
    for (auto&& [key, value] : table) {
        out += separator;
        separator = ',';
        write_string(key.str(), out);
        out += ':';
        if (!write(value, out)) return false;
    }
    out += table.empty() ? "{}" : "}";
    return true;
}

bool write_array(const toml::array& array, std::string& out) {
    char separator = '[';
    for (const toml::node& element : array) {
        out += separator;
        separator = ',';
        if (!write(element, out)) return false;
    }
    out += array.empty() ? "[]" : "]";
    return true;
}

bool write(const toml::node& node, std::string& out) {
    if (const auto* table = node.as_table()) return write_table(*table, out);
    if (const auto* array = node.as_array()) return write_array(*array, out);
    if (const auto* text = node.as_string()) {
        write_string(text->get(), out);
    } else if (const auto* number = node.as_integer()) {
        out += std::to_string(number->get());
    } else if (const auto* real = node.as_floating_point()) {
        if (!std::isfinite(real->get())) return false;
        out += fmt::format("{}", real->get());
    } else if (const auto* truth = node.as_boolean()) {
        out += truth->get() ? "true" : "false";
    } else {
        std::ostringstream date;
        node.visit([&date](const auto& value) {
            if constexpr (toml::is_chronological<decltype(value)>) date << value.get();
        });
        write_string(date.str(), out);
    }
    return true;
}

Fault unreadable(const std::string& path, std::string_view why) {
    return Fault{fmt::format("cannot read {}: {}", in_quotes(path), why)};
}

}  // namespace

std::string generated_bytes(std::uint64_t count) {
    std::string bytes(count, '\0');
    Random random(count);
    for (char& byte : bytes) byte = static_cast<char>('a' + static_cast<char>((random.next() >> 32) % 26));
    return bytes;
}

Parsed<std::string> json_of(const toml::node& node) {
    std::string out;
    if (!write(node, out)) return Fault{"JSON has no inf and no nan"};
    return out;
}

Parsed<std::string> file_contents(const std::string& path, std::uint64_t most) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (error) return unreadable(path, error.message());
    // Others may never end, or keep the reader waiting.
    if (!std::filesystem::is_regular_file(status)) return unreadable(path, "it is not a regular file");
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) return unreadable(path, error.message());
    if (size > most) return unreadable(path, "it is longer than " + size_text(most));
    std::string text(size, '\0');
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable(path, std::strerror(errno));
    file.read(text.data(), static_cast<std::streamsize>(size));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace loadgen::plan
