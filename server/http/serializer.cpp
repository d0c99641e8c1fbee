#include "server/http/serializer.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ostream>  // what boost's string_view forgets to include

namespace baton::http {

namespace {

void append_number(std::string& out, std::uint64_t value, int base = 10) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, base);
    out.append(digits.data(), end);
}

}  // namespace

Framing choose_framing(const ResponseHead& head, unsigned version, bool head_request,
                       std::optional<std::uint64_t> known) {
    if (head.bodiless() || head_request) return Framing::none;
    if (head.content_length || known) return Framing::length;
    return version >= 11 ? Framing::chunked : Framing::until_close;
}

std::string_view reason_phrase(int status) {
    const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {text.data(), text.size()};
}

void serialize_head(std::string& out, const ResponseHead& head, const ServerFields& fields) {
    // The status line names the server's own version, 1.1 (RFC 9110 section 2.5), whatever the request's was.
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(head.status));
    out.append(" ").append(head.reason).append("\r\n");
    if (!head.has_date) out.append(fields.date_line);
    if (!head.has_server) out.append("Server: baton\r\n");
    out.append(head.fields);
    if (fields.length && !head.content_length && !head.bodiless()) {
        out.append("Content-Length: ");
        append_number(out, *fields.length);
        out.append("\r\n");
    }
    if (fields.framing == Framing::chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
        if (fields.trailers && !head.trailer.empty())
            out.append("Trailer: ").append(head.trailer).append("\r\n");
    }
    if (!fields.keep_alive) {
        out.append("Connection: close\r\n");
    } else if (fields.version < 11) {
        out.append("Connection: keep-alive\r\n");
    }
    if (!fields.request_id.empty()) out.append("X-Request-ID: ").append(fields.request_id).append("\r\n");
    if (!fields.server_timing.empty())
        out.append("Server-Timing: ").append(fields.server_timing).append("\r\n");
    out.append("\r\n");
}

void append_chunk_head(std::string& out, std::size_t size) {
    append_number(out, size, 16);
    out.append("\r\n");
}

std::string plain_answer(int status, std::string_view text, std::string_view date_line,
                         std::string_view request_id, std::string_view extra_fields) {
    ResponseHead head;
    head.status = status;
    head.reason = reason_phrase(status);
    head.fields.append("Content-Type: text/plain; charset=utf-8\r\n").append(extra_fields);
    std::string body(text);
    body.push_back('\n');
    std::string out;
    serialize_head(
        out, head,
        {.keep_alive = false, .length = body.size(), .date_line = date_line, .request_id = request_id});
    return out.append(body);
}

std::string_view DateLine::get() {
    // Coarse is enough for whole seconds and costs no system call.
    timespec t{};
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    if (t.tv_sec == rendered_) return line_;
    rendered_ = t.tv_sec;
    std::tm utc{};
    gmtime_r(&t.tv_sec, &utc);
    // RFC 9110 section 5.6.7, IMF-fixdate; strftime's names are English in the C locale, which the process
    // keeps.
    std::array<char, 64> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    line_.assign(text.data(), length);
    return line_;
}

}  // namespace baton::http
