#include "server/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace baton::config {

namespace {

constexpr double kLongestDurationMs = 365.0 * 24 * 3600 * 1000;

// A number and the unit behind it.
struct Measure {
    double number = 0;
    std::string_view unit;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

// from_chars also takes "inf", "nan" and a minus sign; all of them do not start with a digit.
std::optional<Measure> measure(std::string_view text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    Measure result;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), result.number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    result.unit = text.substr(static_cast<std::size_t>(end - text.data()));
    return result;
}

std::optional<std::uint64_t> digits(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> bytes_per(std::string_view unit) {
    const std::string name = lower(unit);
    if (name.empty()) return 1;
    if (name == "k" || name == "kib") return 1ULL << 10;
    if (name == "m" || name == "mib") return 1ULL << 20;
    if (name == "g" || name == "gib") return 1ULL << 30;
    return std::nullopt;
}

std::optional<double> milliseconds_per(std::string_view unit) {
    if (unit == "ms") return 1;
    if (unit.empty() || unit == "s") return 1000;
    if (unit == "m") return 60'000;
    if (unit == "h") return 3'600'000;
    return std::nullopt;
}

}  // namespace

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
    return result + (text.size() > kLongest ? "…\"" : "\"");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Parsed<std::uint64_t> whole_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const std::optional<std::uint64_t> value = digits(text);
    if (!value || *value < least || *value > most) {
        return Error{
            fmt::format("must be a whole number from {} to {}, not {}", least, most, in_quotes(text))};
    }
    return *value;
}

Parsed<std::uint64_t> size(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<std::uint64_t> number = digits(text.substr(0, end));
    const std::optional<std::uint64_t> unit = bytes_per(text.substr(end));
    // Dividing the limit, not multiplying the number: it must not overflow.
    if (!number || !unit || *number > most / *unit || *number * *unit < least) {
        return Error{fmt::format("must be a size from {} to {} (such as 4096, 64k, 1M or 1GiB), not {}",
                                 size_text(least), size_text(most), in_quotes(text))};
    }
    return *number * *unit;
}

Parsed<std::chrono::milliseconds> duration(std::string_view text) {
    if (text == "off") return std::chrono::milliseconds{0};
    const std::optional<Measure> parts = measure(text);
    const std::optional<double> unit = parts ? milliseconds_per(parts->unit) : std::nullopt;
    const double value = unit ? std::round(parts->number * *unit) : -1;
    // What rounds to nothing must not turn into "no limit".
    const bool vanishes = parts && parts->number > 0 && value < 1;
    if (!unit || vanishes || value > kLongestDurationMs) {
        return Error{
            fmt::format("must be a duration such as 250ms, 10s, 2m or 1h (a plain number is seconds; off: no "
                        "limit), not {}",
                        in_quotes(text))};
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

Parsed<double> switch_interval(std::string_view text) {
    const std::optional<Measure> parts = measure(text);
    const bool in_seconds = parts && (parts->unit.empty() || parts->unit == "s");
    const double value = !parts ? 0 : in_seconds ? parts->number : parts->number / 1000;
    // CPython keeps it in microseconds (sys.setswitchinterval).
    if (!parts || !(in_seconds || parts->unit == "ms") || value < 0.000'001 || value > 100) {
        return Error{fmt::format("must be seconds from 0.000001 to 100 (such as 0.005 or 5ms), not {}",
                                 in_quotes(text))};
    }
    return value;
}

Parsed<bool> truth(std::string_view text) {
    constexpr std::array<std::string_view, 4> kTrue{"true", "yes", "on", "1"};
    constexpr std::array<std::string_view, 4> kFalse{"false", "no", "off", "0"};
    const std::string word = lower(text);
    if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return true;
    if (std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) return false;
    return Error{fmt::format("must be true or false, not {}", in_quotes(text))};
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<std::pair<unsigned, std::string_view>, 3> kUnits{{{30, "G"}, {20, "M"}, {10, "k"}}};
    for (const auto& [shift, unit] : kUnits) {
        if (bytes != 0 && (bytes & ((1ULL << shift) - 1)) == 0)
            return fmt::format("{}{}", bytes >> shift, unit);
    }
    return std::to_string(bytes);
}

}  // namespace baton::config
