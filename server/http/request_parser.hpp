// Bytes of a connection -> one Request and its body.
//
// Threads: one I/O thread. Lifetime: one request; make a new one for the next.
// Cannot: read a socket, or buffer: what it does not consume must be given again, with more behind it.
//
// Beast's basic_parser does the grammar (RFC 9112). On top of it this class refuses what two servers could
// read differently: repeated or listed Content-Length, Transfer-Encoding other than "chunked", folded lines,
// a missing or second Host.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/request.hpp"

namespace baton::http {

struct ParserLimits {
    std::size_t header_bytes = 64 * 1024;
    std::size_t target_bytes = 16 * 1024;
    std::size_t header_fields = 200;
    std::uint64_t body_bytes = 1ULL << 30;
};

enum class Fault {
    none,
    malformed,        // 400
    body_too_large,   // 413
    target_too_long,  // 414
    expectation,      // 417
    head_too_large,   // 431
    not_implemented,  // 501: a transfer coding or method that this server does not know
    version,          // 505
};

int status_of(Fault fault);

class RequestParser final : private boost::beast::http::basic_parser<true> {
  public:
    RequestParser(Request& request, const ParserLimits& limits);

    // Consumes a prefix of `bytes` that ends at the latest with the head; says how long it was. While the
    // head is incomplete, give the unconsumed rest again with more behind it. Check fault() after every call.
    std::size_t parse_head(std::string_view bytes);
    // A chunk's head with its extensions, and the trailers, may be this long, or as long as a head if that is
    // less.
    static constexpr std::size_t kFramingBytes = 32 * 1024;
    // After the head: appends body bytes to `body`. Consumes nothing when more bytes are needed to go on;
    // what it then leaves is at most kFramingBytes.
    std::size_t parse_body(std::string_view bytes, std::string& body);

    bool head_done() const { return is_header_done(); }
    bool done() const { return is_done(); }
    Fault fault() const { return fault_; }
    // What was wrong, for the log and the answer.
    std::string_view reason() const { return reason_; }

  private:
    using Verb = boost::beast::http::verb;
    using FieldId = boost::beast::http::field;
    using Text = boost::beast::string_view;
    using Error = boost::beast::error_code;

    void on_request_impl(Verb, Text method, Text target, int version, Error& ec) override;
    void on_response_impl(int, Text, int, Error&) override {}
    void on_field_impl(FieldId id, Text name, Text value, Error& ec) override;
    // Trailers are read and dropped. New in Boost's later releases, so it must not say that it overrides; the
    // older ones give trailers to on_field_impl.
    void on_trailer_field_impl(FieldId, Text, Text, Error&) {}  // NOLINT(modernize-use-override)
    void on_header_impl(Error& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(Text bytes, Error&) override;
    void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Error&) override;
    void on_finish_impl(Error&) override {}

    void refuse(Fault fault, std::string_view reason, Error& ec);
    void explain(const Error& ec, std::string_view rest);
    bool has_bare_newline(std::string_view rest, std::size_t consumed);
    bool take_target(std::string_view target, Error& ec);
    void take_framing_field(FieldId id, std::string_view value, Error& ec);

    Request& request_;
    ParserLimits limits_;     // a copy: nothing has to outlive the parser but the request
    std::string_view input_;  // the bytes of the call in progress
    std::string* body_ = nullptr;
    Fault fault_ = Fault::none;
    std::string_view reason_;
    std::size_t head_bytes_ = 0;
    std::size_t searched_ = 0;  // of the unconsumed rest
    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    bool authority_in_target_ = false;
};

}  // namespace baton::http
