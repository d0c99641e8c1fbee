// Methods and header fields: what may go into a request's head as it is (RFC 9110, 5.6.2 and 5.5).
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: let the framing be overridden; what says how
// long a message is, or what becomes of the connection, is the generator's to write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan/fault.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

// "Name: value", as on a command line.
Parsed<Header> parse_header(std::string_view text);

Problem check_header(const Header& header);
// All of one request's: each of them, their number, and one Host at most.
Problem check_headers(const std::vector<Header>& headers);
Problem check_method(std::string_view method);

// Field names compare without regard to case.
bool same_name(std::string_view one, std::string_view other) noexcept;

}  // namespace loadgen::plan
