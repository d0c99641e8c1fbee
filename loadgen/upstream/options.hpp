// How the slow server behaves, and how one request may ask for something else.
//
// Threads: const after it has been made. Lifetime: values. Cannot: go beyond the bounds below, whoever asks.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "loadgen/clock.hpp"

namespace loadgen::upstream {

inline constexpr Nanoseconds kLongestDelay = std::chrono::seconds(60);
inline constexpr std::uint64_t kMostBytes = 64U << 20U;

// How delays lie around `delay`.
enum class Distribution : std::uint8_t {
    uniform,      // evenly from delay - jitter to delay + jitter
    normal,       // with jitter as the standard deviation
    exponential,  // `delay` on average, mostly less, sometimes much more; jitter is not used
};

struct Answer {
    Nanoseconds delay{};
    Nanoseconds jitter{};
    std::uint64_t bytes = 0;
    bool stream = false;  // the head at once, the body in pieces over the delay
};

struct Options {
    std::string bind = "127.0.0.1";  // an address, not a name
    std::uint16_t port = 9000;       // 0: any that is free
    Answer answer{std::chrono::milliseconds(50), Nanoseconds(0), 16, false};
    Distribution distribution = Distribution::uniform;
    std::uint64_t seed = 1;
};

// What is wrong with a request; one line for a human.
struct BadRequest {
    std::string why;
};

// What the target of a request asks for: the query /?delay=20ms&jitter=5ms&bytes=1k&stream=1 in place of the
// usual. A path is allowed and not looked at; `ms=20` is the same as `delay=20ms`. Quantities are written as
// on the command line (plan/quantity.hpp).
std::variant<Answer, BadRequest> asked_for(std::string_view target, const Answer& usual);

}  // namespace loadgen::upstream
