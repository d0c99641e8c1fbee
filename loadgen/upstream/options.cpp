#include "loadgen/upstream/options.hpp"

#include <fmt/format.h>

#include "loadgen/plan/quantity.hpp"

namespace loadgen::upstream {

namespace {

std::string known_names() {
    return fmt::format("delay, jitter (up to {} s), bytes (up to {}), stream (0 or 1), ms",
                       std::chrono::duration_cast<std::chrono::seconds>(kLongestDelay).count(), kMostBytes);
}

bool read_switch(std::string_view text, bool& on) {
    on = text == "1" || text == "true";
    return on || text == "0" || text == "false";
}

bool read_delay(std::string_view text, Nanoseconds& delay) {
    const auto parsed = plan::parse_duration(text, Nanoseconds(0), kLongestDelay);
    if (parsed) delay = *parsed;
    return static_cast<bool>(parsed);
}

bool read_milliseconds(std::string_view text, Nanoseconds& delay) {
    return read_delay(std::string(text) + "ms", delay);
}

bool read_bytes(std::string_view text, std::uint64_t& bytes) {
    const auto parsed = plan::parse_size(text, 0, kMostBytes);
    if (parsed) bytes = *parsed;
    return static_cast<bool>(parsed);
}

bool read_pair(std::string_view name, std::string_view value, Answer& answer) {
    if (name == "delay") return read_delay(value, answer.delay);
    if (name == "ms") return read_milliseconds(value, answer.delay);
    if (name == "jitter") return read_delay(value, answer.jitter);
    if (name == "bytes") return read_bytes(value, answer.bytes);
    if (name == "stream") return read_switch(value, answer.stream);
    return false;
}

}  // namespace

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
