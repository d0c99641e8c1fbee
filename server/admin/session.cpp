#include "server/admin/session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "server/admin/origin.hpp"

namespace baton::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Parser = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeadLimit = 8 * 1024;

// The pages fetch nothing and are framed by nobody.
constexpr std::string_view kSecurityPolicy =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// By every name that the client gives.
bool calls_local_name(const http::fields& fields) {
    const auto [from, to] = fields.equal_range(http::field::host);
    return std::all_of(from, to, [](const auto& field) { return is_local_host(field.value()); });
}

Reply reply_for(const http::request<http::empty_body>& request, const Service& service) {
    if (service.local_names_only && !calls_local_name(request))
        return plain(421, "this address is called localhost, or by its number, and not as the Host says\n");
    if (request.method() != http::verb::get && request.method() != http::verb::head)
        return plain(405, "GET and HEAD only\n");
    try {
        return service.answer({request.target(), is_cross_site(request["Sec-Fetch-Site"])});
    } catch (const std::exception& error) {
        return plain(500, std::string(error.what()) + '\n');
    }
}

template <class Body>
void set_fields(http::response<Body>& out, std::string_view type, std::string_view policy) {
    out.set(http::field::content_type, type);
    out.set(http::field::cache_control, "no-store");
    out.set("Content-Security-Policy", policy.empty() ? kSecurityPolicy : policy);
    out.set("X-Content-Type-Options", "nosniff");
    out.set("Referrer-Policy", "no-referrer");
    out.set("Cross-Origin-Resource-Policy", "same-origin");
}

Response response(Page page, unsigned version, bool keep_alive) {
    Response out;
    out.version(version);
    out.result(page.status);
    set_fields(out, page.type, page.policy);
    if (!page.etag.empty()) {
        out.set(http::field::etag, page.etag);
        out.set(http::field::cache_control,
                page.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    }
    if (page.status == 405) out.set(http::field::allow, "GET, HEAD");
    out.body() = std::move(page.body);
    out.prepare_payload();
    out.keep_alive(keep_alive);
    return out;
}

// Sends the head alone for HEAD: the same fields, Content-Length included (RFC 9110 section 9.3.2).
asio::awaitable<bool> send(beast::tcp_stream& stream, const Response& out, bool head_only) {
    http::response_serializer<http::string_body, http::fields> serializer(out);
    beast::error_code error;
    if (head_only) {
        error = std::get<0>(co_await http::async_write_header(stream, serializer, kAwait));
    } else {
        error = std::get<0>(co_await http::async_write(stream, serializer, kAwait));
    }
    co_return !error;
}

// Reads away what the peer still sends: closing on unread bytes would reset the connection, and the answer
// could be lost with it (RFC 9112 section 9.6). For a second and a few reads at most.
asio::awaitable<void> linger(beast::tcp_stream& stream) {
    std::array<char, 4096> scratch;
    stream.expires_after(std::chrono::seconds(1));
    for (int reads = 0; reads < 64; ++reads) {
        const auto [error, size] = co_await stream.async_read_some(asio::buffer(scratch), kAwait);
        if (error || size == 0) break;
    }
}

// An exception ends the connection without the last chunk, by which the client knows that something is
// missing.
asio::awaitable<void> send(beast::tcp_stream& stream, const Stream& out, unsigned version, bool head_only) {
    http::response<http::empty_body> head(http::status::ok, version);
    set_fields(head, out.type, {});
    for (const auto& [name, value] : out.fields) head.set(name, value);
    beast::error_code ignored;  // a smaller buffer is a wish
    const bool chunked = version >= 11;
    head.chunked(chunked);
    if (chunked && !out.trailer.empty()) head.set(http::field::trailer, out.trailer);
    head.keep_alive(false);
    http::response_serializer<http::empty_body, http::fields> serializer(head);
    const auto [error, size] = co_await http::async_write_header(stream, serializer, kAwait);
    if (error || head_only) co_return;
    if (out.send_buffer > 0)
        stream.socket().set_option(asio::socket_base::send_buffer_size(out.send_buffer), ignored);
    Sink sink(stream, chunked, out.probe, out.patience);
    co_await out.run(sink);
    co_await sink.finish();
}

Reply reply_for(const beast::error_code& error, const Parser& parser, const Service& service) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return plain(431, "request head too large\n");
    }
    if (error) return plain(400, "not a request\n");
    return reply_for(parser.get(), service);
}

// Has the client got it already? (RFC 9110 section 13.1.2)
bool known(const Page& page, std::string_view if_none_match) {
    return !page.etag.empty() && page.status == 200 &&
           if_none_match.find(page.etag) != std::string_view::npos;
}

Page unchanged(Page page) {
    page.status = 304;
    page.body.clear();
    return page;
}

// Not a request, but bytes that somebody expects an answer to; everything else is the connection's end.
bool answerable(const beast::error_code& error) {
    return error != http::error::end_of_stream && error != http::error::partial_message &&
           error.category() == http::make_error_code(http::error::bad_method).category();
}

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, const Service& service,
                            std::shared_ptr<Sessions> sessions) {
    using Doing = Sessions::Doing;
    beast::tcp_stream stream(std::move(socket));
    if (!sessions->make_room()) co_return;
    Sessions::Place place(sessions, stream);
    beast::flat_buffer buffer(kHeadLimit);
    bool keep_alive = true;
    bool unread = false;
    while (keep_alive) {
        Parser parser;
        parser.header_limit(kHeadLimit);
        stream.expires_after(service.idle);
        const auto [error, size] = co_await http::async_read_header(stream, buffer, parser, kAwait);
        if (error && !answerable(error)) break;
        place.is(Doing::answering);
        // A body that was announced is not read: the connection ends with the answer.
        unread = error || !parser.is_done();
        keep_alive = !unread && parser.get().keep_alive();
        const unsigned version = error ? 11 : parser.get().version();
        const bool head_only = !error && parser.get().method() == http::verb::head;
        Reply reply = reply_for(error, parser, service);
        if (const auto* const endless = std::get_if<Stream>(&reply)) {
            stream.expires_after(service.sending);  // of its head
            place.is(Doing::streaming);
            co_await send(stream, *endless, version, head_only);
            break;
        }
        Page page = std::move(std::get<Page>(reply));
        if (!error && known(page, parser.get()[http::field::if_none_match]))
            page = unchanged(std::move(page));
        if (keep_alive && sessions->crowded()) {
            keep_alive = false;
            unread = true;  // maybe: the client does not know yet
        }
        const Response out = response(std::move(page), version, keep_alive);
        stream.expires_after(service.sending);
        if (!co_await send(stream, out, head_only)) break;
        if (keep_alive) place.is(Doing::idle);
    }
    beast::error_code ignored;  // the peer may have closed first
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    place.is(Doing::idle);
    if (unread) co_await linger(stream);
}

}  // namespace baton::admin
