#include "loadgen/plan/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

namespace loadgen::plan {

namespace {

// A number and the unit behind it.
struct Measure {
    double number;
    std::string_view unit;
};

// from_chars also takes "inf", "nan" and a sign; none of them starts with a digit.
std::optional<Measure> measure(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    return Measure{number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::optional<double> nanoseconds_per(std::string_view unit) {
    if (unit == "ns") return 1;
    if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return 1e3;
    if (unit == "ms") return 1e6;
    if (unit.empty() || unit == "s") return 1e9;
    if (unit == "m" || unit == "min") return 60e9;
    if (unit == "h") return 3600e9;
    return std::nullopt;
}

std::optional<unsigned> size_shift(std::string_view unit) {
    if (unit.empty() || unit == "B") return 0;
    if (unit == "k" || unit == "K" || unit == "KiB" || unit == "kiB") return 10;
    if (unit == "M" || unit == "MiB") return 20;
    if (unit == "G" || unit == "GiB") return 30;
    return std::nullopt;
}

std::optional<double> rate_factor(std::string_view unit) {
    if (unit.ends_with("/s")) unit.remove_suffix(2);
    if (unit.empty()) return 1;
    if (unit == "k") return 1e3;
    if (unit == "M") return 1e6;
    return std::nullopt;
}

// Three significant digits of a number from 1 to 999.5, more only before the point.
std::string digits(double number) {
    return fmt::format("{:.{}f}", number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0);
}

}  // namespace

Parsed<Nanoseconds> parse_duration(std::string_view text, Nanoseconds least, Nanoseconds most) {
    const std::optional<Measure> parts = measure(text);
    const std::optional<double> unit = parts ? nanoseconds_per(parts->unit) : std::nullopt;
    if (!unit) {
        return Fault{
            fmt::format("must be a duration such as 10s, 500ms, 250us or 2m (a plain number is "
                        "seconds), not {}",
                        in_quotes(text))};
    }
    const double value = std::round(parts->number * *unit);
    if (value < static_cast<double>(least.count()) || value > static_cast<double>(most.count())) {
        return Fault{fmt::format("must be from {} to {}, not {}", duration_text(least), duration_text(most),
                                 in_quotes(text))};
    }
    return Nanoseconds(static_cast<Nanoseconds::rep>(value));
}

Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const std::optional<Measure> parts = measure(text);
    const std::optional<unsigned> shift = parts ? size_shift(parts->unit) : std::nullopt;
    const double value = shift ? std::ldexp(parts->number, static_cast<int>(*shift)) : -1;
    if (!shift || value != std::floor(value)) {
        return Fault{fmt::format("must be a size such as 4096, 64k, 1M or 10MiB (powers of 1024), not {}",
                                 in_quotes(text))};
    }
    if (value < static_cast<double>(least) || value > static_cast<double>(most)) {
        return Fault{
            fmt::format("must be from {} to {}, not {}", size_text(least), size_text(most), in_quotes(text))};
    }
    return static_cast<std::uint64_t>(value);
}

Parsed<double> parse_rate(std::string_view text, double least, double most) {
    const std::optional<Measure> parts = measure(text);
    const std::optional<double> factor = parts ? rate_factor(parts->unit) : std::nullopt;
    if (!factor) {
        return Fault{
            fmt::format("must be requests per second such as 500, 500/s or 2k, not {}", in_quotes(text))};
    }
    const double value = parts->number * *factor;
    if (value < least || value > most)
        return Fault{fmt::format("must be from {:g}/s to {:.0f}/s, not {}", least, most, in_quotes(text))};
    return value;
}

std::string format_duration(Nanoseconds span) {
    const auto ns = static_cast<double>(span.count());
    const double size = std::abs(ns);
    const std::string_view sign = ns < 0 ? "-" : "";
    if (span.count() == 0) return "0s";
    if (size < 1e3) return fmt::format("{}{:.3g}\u00b5s", sign, size / 1e3);
    // From 999.5 of one unit on, three digits are 1.00 of the next.
    if (size < 999.5e3) return fmt::format("{}{}\u00b5s", sign, digits(size / 1e3));
    if (size < 999.5e6) return fmt::format("{}{}ms", sign, digits(size / 1e6));
    return fmt::format("{}{}s", sign, digits(size / 1e9));
}

std::string format_rate(double per_second) {
    const double size = std::abs(per_second);
    if (size < 9.995) return fmt::format("{:.3g}/s", per_second);
    return fmt::format("{:.{}f}/s", per_second, size < 999.95 ? 1 : 0);
}

std::string format_bytes(double bytes) {
    constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; unit + 1 < kUnits.size() && bytes >= 1023.5; ++unit) bytes /= 1024;
    if (unit == 0) return fmt::format("{:.0f} B", bytes);
    return fmt::format("{} {}", digits(bytes), kUnits[unit]);
}

std::string duration_text(Nanoseconds span) {
    constexpr std::array<std::pair<Nanoseconds::rep, std::string_view>, 5> kUnits{{{3'600'000'000'000, "h"},
                                                                                   {60'000'000'000, "m"},
                                                                                   {1'000'000'000, "s"},
                                                                                   {1'000'000, "ms"},
                                                                                   {1'000, "us"}}};
    if (span.count() == 0) return "0s";
    for (const auto& [size, name] : kUnits)
        if (span.count() % size == 0) return fmt::format("{}{}", span.count() / size, name);
    return fmt::format("{}ns", span.count());
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<std::pair<unsigned, std::string_view>, 3> kUnits{{{30, "G"}, {20, "M"}, {10, "k"}}};
    for (const auto& [shift, name] : kUnits)
        if (bytes != 0 && (bytes & ((1ULL << shift) - 1)) == 0)
            return fmt::format("{}{}", bytes >> shift, name);
    return std::to_string(bytes);
}

}  // namespace loadgen::plan
