#include "loadgen/upstream/options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace loadgen::upstream {

namespace {

constexpr std::array<std::pair<std::string_view, double>, 5> kTimes = {
    {{"", 1e6}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
constexpr std::array<std::pair<std::string_view, double>, 7> kSizes = {
    {{"", 1}, {"b", 1}, {"B", 1}, {"k", 1024}, {"K", 1024}, {"m", 1048576}, {"M", 1048576}}};

// A number and a unit of these; none when it is anything else, or not from 0 to `most`.
template <std::size_t N>
bool read_quantity(std::string_view text, const std::array<std::pair<std::string_view, double>, N>& units,
                   double most, double& value) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return false;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& [name, factor] : units) {
        if (unit != name) continue;
        value = number * factor;
        return value <= most;
    }
    return false;
}

std::string known_names() {
    return fmt::format("delay, jitter (up to {} s), bytes (up to {}), stream (0 or 1), ms",
                       std::chrono::duration_cast<std::chrono::seconds>(kLongestDelay).count(), kMostBytes);
}

bool read_switch(std::string_view text, bool& on) {
    on = text == "1" || text == "true";
    return on || text == "0" || text == "false";
}

bool read_pair(std::string_view name, std::string_view value, Answer& answer) {
    if (name == "delay" || name == "ms") return read_delay(value, answer.delay);
    if (name == "jitter") return read_delay(value, answer.jitter);
    if (name == "bytes") return read_bytes(value, answer.bytes);
    if (name == "stream") return read_switch(value, answer.stream);
    return false;
}

}  // namespace

bool read_delay(std::string_view text, Nanoseconds& delay) {
    double value = 0;
    if (!read_quantity(text, kTimes, static_cast<double>(kLongestDelay.count()), value)) return false;
    delay = Nanoseconds(std::llround(value));
    return true;
}

bool read_bytes(std::string_view text, std::uint64_t& bytes) {
    double value = 0;
    if (!read_quantity(text, kSizes, static_cast<double>(kMostBytes), value)) return false;
    bytes = static_cast<std::uint64_t>(value);
    return true;
}

std::variant<Answer, BadRequest> asked_for(std::string_view target, const Answer& usual) {
    Answer answer = usual;
    const std::size_t question = target.find('?');
    std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
        if (!read_pair(pair.substr(0, equals), value, answer))
            return BadRequest{
                fmt::format("unusable in the query: {}; there are {}", pair.substr(0, 80), known_names())};
    }
    return answer;
}

}  // namespace loadgen::upstream
