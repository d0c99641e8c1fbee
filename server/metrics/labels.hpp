// Label values that clients and applications choose, made finite: methods and status codes.
//
// Threads: pure functions.
// Lifetime: texts are constants.
// Cannot: tell unknown methods apart, nor unregistered status codes: both are `_OTHER`.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::metrics {

// The methods of RFC 9110 section 9 and PATCH (RFC 5789), as the OpenTelemetry conventions have it.
inline constexpr std::array<std::string_view, 10> kMethods = {
    "_OTHER", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
std::uint8_t method_index(std::string_view method);

// A status code of IANA's registry, or 499 (the client closed the connection, as nginx has it); 0 for all
// others.
std::uint16_t known_status(int status);
std::string status_label(std::uint16_t status);

// Of a known_status(): its first digit, 0 for all others.
inline constexpr std::array<std::string_view, 6> kStatusClasses = {"_OTHER", "1xx", "2xx",
                                                                   "3xx",    "4xx", "5xx"};
std::size_t status_class(std::uint16_t status);

struct Outcome {
    std::uint8_t method = 0;   // index into kMethods
    std::uint16_t status = 0;  // known_status()
    auto operator<=>(const Outcome&) const = default;
};

}  // namespace baton::metrics
