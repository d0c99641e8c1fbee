#include "loadgen/metrics/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <utility>

namespace loadgen::metrics {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kPatience = std::chrono::seconds(75);  // with a scraper that keeps its connection
constexpr auto kRest = std::chrono::milliseconds(50);
constexpr std::size_t kHeadBytes = 16U << 10U;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response answer(const Request& request, const Listener::Text& text) {
    Response out(http::status::ok, request.version());
    out.set(http::field::server, "baton-load");
    out.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    out.keep_alive(request.keep_alive());
    const std::string_view path(request.target().data(), request.target().size());
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        out.result(http::status::method_not_allowed);
        out.set(http::field::allow, "GET, HEAD");
        out.body() = "GET only\n";
    } else if (path.substr(0, path.find('?')) != "/metrics") {
        out.result(http::status::not_found);
        out.body() = "there is /metrics\n";
    } else {
        out.body() = text();
    }
    out.prepare_payload();
    if (request.method() == http::verb::head) out.body().clear();  // its length stays
    return out;
}

asio::awaitable<void> converse(tcp::socket socket, const Listener::Text& text) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(kHeadBytes);
    bool more = true;
    while (more) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(kHeadBytes);
        stream.expires_after(kPatience);
        auto [error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
        if (error) co_return;
        const Response response = answer(parser.get(), text);
        stream.expires_after(kPatience);
        auto [failed, sent] = co_await http::async_write(stream, response, kAwait);
        more = !failed && response.keep_alive();
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, const Listener::Text& text) {
    asio::steady_timer rest(acceptor.get_executor());
    for (;;) {
        auto [error, socket] = co_await acceptor.async_accept(kAwait);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {  // the run may have taken all descriptors
            rest.expires_after(kRest);
            co_await rest.async_wait(kAwait);
            continue;
        }
        asio::co_spawn(acceptor.get_executor(), converse(std::move(socket), text), asio::detached);
    }
}

}  // namespace

Listener::Listener(const tcp::endpoint& at, Text text)
    : text_(std::move(text)), acceptor_(context_, at, true) {
    asio::co_spawn(context_, accept_all(acceptor_, text_), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
}

Listener::~Listener() {
    context_.stop();
    thread_.join();
}

std::string Listener::url() const {
    const tcp::endpoint at = acceptor_.local_endpoint();
    const std::string host = at.address().to_string();
    return "http://" + (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port()) +
           "/metrics";
}

}  // namespace loadgen::metrics
