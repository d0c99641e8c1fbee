// ResponseHead -> bytes, with the fields that the server owes; and chunk framing.
//
// Threads: pure functions, except DateLine, which belongs to one thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "server/http/response.hpp"

namespace baton::http {

enum class Framing {
    none,         // no body at all
    length,       // Content-Length says where it ends
    chunked,      // RFC 9112 section 7.1
    until_close,  // HTTP/1.0 without a length
};

// How the body of this response is delimited. `known` is its whole length when it is known already.
Framing choose_framing(const ResponseHead& head, unsigned version, bool head_request,
                       std::optional<std::uint64_t> known);

struct ServerFields {
    unsigned version = 11;
    bool keep_alive = true;
    Framing framing = Framing::length;
    std::optional<std::uint64_t> length{};  // added when the application did not declare it
    std::string_view date_line{};           // "Date: ...\r\n"
    std::string_view request_id{};
    bool trailers = false;             // the client takes them
    std::string_view server_timing{};  // value of the field; empty: none
};

void serialize_head(std::string& out, const ResponseHead& head, const ServerFields& fields);
void append_chunk_head(std::string& out, std::size_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// A complete plain-text answer of the server's own, to a request that no application sees.
std::string plain_answer(int status, std::string_view text, std::string_view date_line,
                         std::string_view request_id, std::string_view extra_fields = {});

std::string_view reason_phrase(int status);

// The Date field, rendered at most once a second.
class DateLine {
  public:
    std::string_view get();

  private:
    std::time_t rendered_ = -1;
    std::string line_;
};

}  // namespace baton::http
