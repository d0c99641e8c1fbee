// What an access log line is made of.
//
// Threads: a plain value.
// Lifetime: views into the request and its connection; used only while write() runs.
// Cannot: be trusted: all texts but the route come from the client, and write() escapes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace baton::log {

using Nanoseconds = std::int64_t;

// Where the time went, of a request that an application saw.
struct AccessPhases {
    Nanoseconds queue = 0;
    Nanoseconds gil_wait = 0;
    Nanoseconds gil_hold = 0;
    Nanoseconds lock_wait = 0;
    Nanoseconds ready = 0;
    Nanoseconds off_gil = 0;
    Nanoseconds send = 0;
};

// An empty text is one that is not known, and is written as "-" (left out of JSON).
struct AccessEntry {
    std::string_view remote;
    std::string_view method;
    std::string_view target;
    std::string_view id;
    std::string_view route;
    std::string_view referer;
    std::string_view user_agent;
    unsigned version = 11;  // 10 or 11; 0 when the request line could not be read
    int status = 0;
    std::uint64_t bytes = 0;  // of response body
    Nanoseconds duration = 0;
    std::optional<AccessPhases> phases;
};

}  // namespace baton::log
