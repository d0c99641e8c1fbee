// The head of a response as the application gave it, checked and ready to be serialised.
//
// Threads: one at a time; the interpreter thread fills it, then the I/O thread reads it.
// Lifetime: owns its bytes.
// Cannot: add the fields the server owes (Date, Server, Connection, Transfer-Encoding); the serializer does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::http {

// Why a field of the application's is refused. `none` means that it was taken (or dropped, as hop-by-hop
// fields are, which belong to the server: PEP 3333, "Other HTTP Features").
enum class FieldFault {
    none,
    bad_name,           // not a token (RFC 9110 section 5.6.2)
    bad_value,          // CR, LF, NUL or another control character (RFC 9110 section 5.5)
    bad_length,         // Content-Length is not one decimal number, or two of them differ
    transfer_encoding,  // framing is the server's
    handshake,          // Sec-WebSocket-*, which is the server's, too
    too_long,           // for such a handshake
};

std::string_view explain(FieldFault fault);

// Adds a line outside the head: to an interim response or to trailers. What belongs to the message's framing
// or to the connection, which has no place there (RFC 9110 section 6.5.1), is dropped.
FieldFault append_field(std::string& lines, std::string_view name, std::string_view value);

struct ResponseHead {
    int status = 200;                             // 100 to 999
    std::string reason;                           // may be empty
    std::string fields;                           // "Name: value\r\n" lines
    std::string trailer;                          // of Trailer; said only when trailers can follow
    std::optional<std::uint64_t> content_length;  // as the application declared it; also among the lines
    bool has_date = false;
    bool has_server = false;
    bool close = false;  // the application said Connection: close

    // Parses "200 OK" (PEP 3333); false when it is not three digits, a space and a reason without control
    // characters, or the code is below 200.
    bool set_status(std::string_view line);
    FieldFault add(std::string_view name, std::string_view value);
    // The value of the first such field (case-insensitive).
    std::optional<std::string_view> find(std::string_view name) const;
    // Declares this length, instead of any other.
    void set_length(std::uint64_t bytes);
    // No body may follow, whatever the application sends (RFC 9110 section 6.4.1).
    bool bodiless() const { return status == 204 || status == 304 || status < 200; }
    void clear();
};

}  // namespace baton::http
