// Fetches a server's metrics from its admin address.
//
// Threads: any; blocks the caller for at most the limit (and for as long as the resolver takes with a name).
// Lifetime: nothing is kept. Cannot: speak TLS, follow redirects, log in.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "loadgen/books/exposition.hpp"
#include "loadgen/clock.hpp"

namespace loadgen::books {

struct Scrape {
    Moment taken;
    Exposition metrics;
};

// An admin address taken apart: http://HOST:PORT, with or without a path; /metrics unless there is one.
struct AdminAddress {
    std::string host;       // without the brackets of a literal IPv6 address
    std::string port;       // "80" unless given
    std::string authority;  // the Host field
    std::string path;
};
std::variant<AdminAddress, Trouble> admin_address(std::string_view url);

inline constexpr Nanoseconds kScrapeLimit = std::chrono::seconds(5);

std::variant<Scrape, Trouble> scrape(const std::string& admin_url, Nanoseconds limit = kScrapeLimit);

}  // namespace loadgen::books
