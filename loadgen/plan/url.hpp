// URLs to targets: http, https, ws and wss, and the same over a Unix socket, such as
// http+unix:/run/baton.sock:/path?query, http+unix:@abstract:/path, http+unix://%2Frun%2Fbaton.sock/path.
//
// What has no place in a request line (a quotation mark, a letter outside ASCII) is percent-encoded; what is
// percent-encoded already stays. A fragment is dropped. Faults are one line and never repeat a password.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: resolve names; take names outside ASCII.
#pragma once

#include <string>
#include <string_view>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

// Where a URL points to, and with which protocol.
struct Address {
    Kind kind = Kind::http;
    Target target;
};

Parsed<Address> parse_url(std::string_view url);

// A path with its query (RFC 3986, 3.3 and 3.4), as it goes into the request line; it starts with '/'.
Parsed<std::string> parse_path(std::string_view text);

}  // namespace loadgen::plan
