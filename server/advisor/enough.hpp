// How much must have been seen before a rule may judge, and how its words are put.
//
// Threads: pure functions. Lifetime: values.
// Cannot: say whether what was seen is typical.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/advisor/rule.hpp"

namespace baton::advisor {

inline constexpr Nanoseconds kLeastTime = 10'000'000'000;
inline constexpr std::uint64_t kLeastRequests = 200;
// Of slow requests fewer are enough.
inline constexpr std::uint64_t kLeastSlowRequests = 20;
inline constexpr Nanoseconds kLeastWork = 2'000'000'000;

// Enough requests of this route, or of all of them.
bool enough(const RouteWindow& route);
bool enough(const Window& window);

// What is lacking in time, in requests, in requests of any one route, in books. Nothing: nothing.
std::optional<std::string> lacks_time(const Window& window);
std::optional<std::string> lacks_requests(const Window& window);
std::optional<std::string> lacks_route(const Window& window);
std::optional<std::string> lacks_books(const Facts& facts);

// A rule about routes: what `judge` has to say of each that has had enough requests.
using JudgeRoute = std::function<std::optional<Advice>(const RouteWindow&)>;
Verdict of_routes(const Window& window, const Facts& facts, const JudgeRoute& judge);

double seconds(Nanoseconds time);
// "12.3 ms", "45 us", "1.20 s"
std::string duration(double nanoseconds);
inline std::string duration(Nanoseconds time) {
    return duration(static_cast<double>(time));
}
// "45 %"
std::string percent(double share);
// "a, b and c"
std::string list(const std::vector<std::string>& names);
std::string plural(std::uint64_t count, const std::string& one);

}  // namespace baton::advisor
