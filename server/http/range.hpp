// Which part of a file a request asks for (RFC 9110 section 14), and the head of the answer.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: answer several ranges at once; a request for
// them gets the whole, as one does whose Range makes no sense.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/http/request.hpp"
#include "server/http/response.hpp"

namespace baton::http {

struct Part {
    enum class Kind { whole, part, unsatisfiable };
    Kind kind = Kind::whole;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// What "bytes=0-99", "bytes=100-" or "bytes=-100" mean for `size` bytes.
Part select_part(std::string_view range, std::uint64_t size);

// Does If-Range name the very state that the head has an ETag or a Last-Modified of (section 13.1.5)?
bool same_state(std::string_view if_range, const ResponseHead& head);

// Makes the application's head one for as much of the `size` bytes as the request is to get: status,
// Content-Length, Content-Range, Accept-Ranges.
Part answer_range(const Request& request, ResponseHead& head, std::uint64_t size);

}  // namespace baton::http
