#include "server/http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <cstring>

#include "server/http/uri.hpp"

namespace baton::http {

namespace beast = boost::beast;
using beast::http::error;

int status_of(Fault fault) {
    switch (fault) {
        case Fault::none:
            return 200;
        case Fault::malformed:
            return 400;
        case Fault::body_too_large:
            return 413;
        case Fault::target_too_long:
            return 414;
        case Fault::expectation:
            return 417;
        case Fault::head_too_large:
            return 431;
        case Fault::not_implemented:
            return 501;
        case Fault::version:
            return 505;
    }
    return 500;
}

RequestParser::RequestParser(Request& request, const ParserLimits& limits)
    : request_(request), limits_(limits) {
    // Slices have 32 bits, and so has Beast's own limit; the configuration stays far below.
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes, 1U << 30)));
    body_limit(limits.body_bytes);
}

void RequestParser::refuse(Fault fault, std::string_view reason, Error& ec) {
    fault_ = fault;
    reason_ = reason;
    ec = error::bad_field;
}

std::size_t RequestParser::parse_head(std::string_view bytes) {
    input_ = bytes;
    Error ec;
    const std::size_t consumed = put({bytes.data(), bytes.size()}, ec);
    head_bytes_ += consumed;
    const std::string_view rest = bytes.substr(consumed);
    if (ec && ec != error::need_more) {
        explain(ec, rest);
    } else if (!head_done() && head_bytes_ + rest.size() > limits_.header_bytes) {
        explain(error::header_limit, rest);
    } else if (!head_done() && has_bare_newline(rest, consumed)) {
        explain(error::bad_line_ending, rest);
    } else if (head_done() && head_bytes_ > limits_.header_bytes) {
        explain(error::header_limit, rest);
    }
    return consumed;
}

// Beast sees a line feed without a carriage return only once the head is complete, which with such line ends
// it never is: without this the client would wait for the header time-out. Looks at every byte once.
bool RequestParser::has_bare_newline(std::string_view rest, std::size_t consumed) {
    if (consumed > 0) searched_ = 0;
    while (true) {
        const std::size_t at = rest.find('\n', searched_);
        if (at == std::string_view::npos) break;
        if (at > 0 && rest[at - 1] != '\r') return true;
        searched_ = at + 1;
    }
    searched_ = rest.size();
    return false;
}

std::size_t RequestParser::parse_body(std::string_view bytes, std::string& body) {
    body_ = &body;
    input_ = bytes;
    std::size_t total = 0;
    while (!is_done() && total < bytes.size()) {
        Error ec;
        const std::size_t consumed = put({bytes.data() + total, bytes.size() - total}, ec);
        total += consumed;
        if (ec == error::need_more) {
            const std::size_t most = std::min(limits_.header_bytes, kFramingBytes);
            if (bytes.size() - total > most) explain(error::bad_chunk, bytes.substr(total));
            break;
        }
        if (ec) {
            // Boost's later releases count trailers towards the limit of the head. It is the body that is
            // wrong.
            explain(ec == error::header_limit ? error::bad_chunk : ec, bytes.substr(total));
            break;
        }
    }
    return total;
}

// Turns Beast's error into what the client is told. Keeps what refuse() has already said.
void RequestParser::explain(const Error& ec, std::string_view rest) {
    if (fault_ != Fault::none) return;
    const bool in_request_line = request_.bytes_.empty();
    if (ec == error::header_limit || ec == error::buffer_overflow) {
        const bool long_target = in_request_line && rest.find('\n') == std::string_view::npos;
        fault_ = long_target ? Fault::target_too_long : Fault::head_too_large;
        reason_ = long_target ? "request target too long" : "request head too large";
    } else if (ec == error::body_limit) {
        fault_ = Fault::body_too_large;
        reason_ = "request body too large";
    } else if (in_request_line && ec == error::bad_version && names_other_http_version(rest)) {
        fault_ = Fault::version;
        reason_ = "HTTP/1.0 and HTTP/1.1 are spoken here";
    } else {
        fault_ = Fault::malformed;
        reason_ = head_done() ? "malformed request body" : "malformed request head";
    }
}

void RequestParser::on_request_impl(Verb verb, Text method, Text target, int version, Error& ec) {
    request_.version_ = static_cast<unsigned>(version);
    if (target.size() > limits_.target_bytes)
        return refuse(Fault::target_too_long, "request target too long", ec);
    request_.method_ = request_.keep({method.data(), method.size()});
    if (verb == Verb::connect) return refuse(Fault::not_implemented, "CONNECT is not supported", ec);
    take_target({target.data(), target.size()}, ec);
}

bool RequestParser::take_target(std::string_view target, Error& ec) {
    request_.target_ = request_.keep(target);
    const std::optional<Target> parts = split_target(target);
    if (!parts || (parts->path == "*" && request_.method() != "OPTIONS")) {
        refuse(Fault::malformed, "malformed request target", ec);
        return false;
    }
    const std::uint32_t base = request_.target_.offset;
    const auto slice = [&](std::string_view part) {
        return Request::Slice{base + static_cast<std::uint32_t>(part.data() - target.data()),
                              static_cast<std::uint32_t>(part.size())};
    };
    // "GET http://host HTTP/1.1" has an empty path, which means "/" (RFC 9112 section 3.2.2).
    request_.raw_path_ = parts->path.empty() ? request_.keep("/") : slice(parts->path);
    if (!parts->query.empty()) request_.query_ = slice(parts->query);
    if (!parts->authority.empty()) {
        // The target's authority replaces Host (RFC 9112 section 3.2.2).
        authority_in_target_ = true;
        request_.fields_.push_back({request_.keep("Host"), slice(parts->authority)});
    }
    if (parts->path.find('%') == std::string_view::npos) {
        request_.path_ = request_.raw_path_;
        return true;
    }
    const std::string decoded = percent_decode(parts->path);
    if (decoded.find('\0') != std::string::npos) {
        refuse(Fault::malformed, "NUL in the request path", ec);
        return false;
    }
    request_.path_ = request_.keep(decoded);
    return true;
}

void RequestParser::on_field_impl(FieldId id, Text name_text, Text value_text, Error& ec) {
    if (head_done()) return;  // trailers are read and dropped
    const std::string_view name{name_text.data(), name_text.size()};
    const std::string_view value{value_text.data(), value_text.size()};
    // Beast unfolds obsolete line folding into a buffer of its own; RFC 9112 section 5.2 lets a server refuse
    // it.
    const bool inside =
        value.data() >= input_.data() && value.data() + value.size() <= input_.data() + input_.size();
    if (!value.empty() && !inside) return refuse(Fault::malformed, "folded header line", ec);
    if (request_.fields_.size() >= limits_.header_fields)
        return refuse(Fault::head_too_large, "too many header fields", ec);
    if (id == FieldId::host) {
        if (++hosts_ > 1) return refuse(Fault::malformed, "more than one Host", ec);
        if (!valid_host(value)) return refuse(Fault::malformed, "malformed Host", ec);
        if (authority_in_target_) return;
    }
    if (id != FieldId::unknown) {
        take_framing_field(id, value, ec);
        if (ec) return;
    }
    const Request::Slice kept_name = request_.keep(name);
    request_.fields_.push_back({kept_name, request_.keep(value)});
}

void RequestParser::take_framing_field(FieldId id, std::string_view value, Error& ec) {
    if (id == FieldId::content_length) {
        if (++lengths_ > 1 || value.find(',') != std::string_view::npos)
            refuse(Fault::malformed, "more than one Content-Length", ec);
    } else if (id == FieldId::transfer_encoding) {
        if (request_.version_ < 11) return refuse(Fault::malformed, "Transfer-Encoding in HTTP/1.0", ec);
        if (!beast::iequals(value, "chunked"))
            refuse(Fault::not_implemented, "only the chunked transfer coding is known", ec);
    } else if (id == FieldId::expect) {
        if (!beast::iequals(value, "100-continue"))
            return refuse(Fault::expectation, "unknown expectation", ec);
        request_.expect_continue_ = request_.version_ >= 11;
    }
}

void RequestParser::on_header_impl(Error& ec) {
    if (hosts_ == 0 && request_.version_ >= 11) return refuse(Fault::malformed, "no Host", ec);
    request_.keep_alive_ = keep_alive();
    request_.chunked_ = chunked();
    if (lengths_ > 0) request_.content_length_ = content_length().value_or(0);
}

std::size_t RequestParser::on_body_impl(Text bytes, Error&) {
    body_->append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text bytes, Error&) {
    body_->append(bytes.data(), bytes.size());
    return bytes.size();
}

}  // namespace baton::http
