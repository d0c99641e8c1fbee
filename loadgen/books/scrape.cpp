#include "loadgen/books/scrape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace loadgen::books {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using Page = std::variant<std::string, Trouble>;

Trouble trouble(const AdminAddress& address, std::string_view doing, const error_code& error) {
    if (error == beast::error::timeout)
        return {fmt::format("http://{}{}: {}: no answer in time", address.authority, address.path, doing)};
    if (error == http::error::body_limit)
        return {fmt::format("http://{}{}: more than {} MiB of metrics", address.authority, address.path,
                            Exposition::kMostBytes >> 20U)};
    return {fmt::format("http://{}{}: {}: {}", address.authority, address.path, doing, error.message())};
}

http::request<http::empty_body> request_for(const AdminAddress& address) {
    http::request<http::empty_body> request(http::verb::get, address.path, 11);
    request.set(http::field::host, address.authority);
    request.set(http::field::user_agent, "baton-load");
    request.set(http::field::accept, "text/plain;version=0.0.4");
    request.set(http::field::connection, "close");
    return request;
}

// One limit for connecting, asking and reading together: expires_after() is called once.
asio::awaitable<Page> fetch(const AdminAddress& address, Nanoseconds limit) {
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    auto [unknown, found] = co_await resolver.async_resolve(address.host, address.port, kAwait);
    if (unknown) co_return trouble(address, "cannot find the host", unknown);

    beast::tcp_stream stream(executor);
    stream.expires_after(limit);
    auto [refused, peer] = co_await stream.async_connect(found, kAwait);
    if (refused) co_return trouble(address, "cannot connect", refused);

    const auto request = request_for(address);
    auto [unsent, sent] = co_await http::async_write(stream, request, kAwait);
    if (unsent) co_return trouble(address, "cannot ask", unsent);

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(Exposition::kMostBytes);
    auto [broken, received] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (broken) co_return trouble(address, "cannot read the answer", broken);
    if (parser.get().result() != http::status::ok)
        co_return Trouble{fmt::format("http://{}{} answered {}", address.authority, address.path,
                                      parser.get().result_int())};
    co_return std::move(parser.get().body());
}

bool is_port(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A request line and a Host field are made of it: nothing that could end them.
bool is_plain(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::variant<AdminAddress, Trouble> admin_address(std::string_view url) {
    const auto refuse = [url](std::string_view why) {
        return Trouble{
            fmt::format("'{}' is not an admin address such as http://127.0.0.1:9180: {}", url, why)};
    };
    std::string_view rest = url;
    if (rest.starts_with("http://"))
        rest.remove_prefix(7);
    else if (rest.find("://") != std::string_view::npos)
        return refuse("only http:// is spoken there");
    if (!is_plain(rest)) return refuse("it holds a blank or another character that a URL may not");
    rest = rest.substr(0, rest.find('#'));

    AdminAddress address;
    const std::size_t slash = rest.find_first_of("/?");
    address.authority = rest.substr(0, slash);
    if (slash != std::string_view::npos) address.path = rest.substr(slash);
    if (address.path.empty() || address.path == "/") address.path = "/metrics";
    if (address.path.front() == '?') address.path.insert(0, "/metrics");

    std::string_view host = address.authority;
    if (host.find('@') != std::string_view::npos)
        return Trouble{"an admin address with a name or a password: they would not be sent"};
    const std::size_t bracket = host.find(']');
    const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    address.port = colon == std::string_view::npos ? "80" : host.substr(colon + 1);
    host = host.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) return refuse("there is no host");
    if (!is_port(address.port)) return refuse("the port is not a number");
    address.host = host;
    return address;
}

std::variant<Scrape, Trouble> scrape(const std::string& admin_url, Nanoseconds limit) {
    auto address = admin_address(admin_url);
    if (auto* wrong = std::get_if<Trouble>(&address)) return std::move(*wrong);

    asio::io_context context(1);
    std::optional<Page> page;
    std::exception_ptr fault;
    asio::co_spawn(context, fetch(std::get<AdminAddress>(address), limit),
                   [&](const std::exception_ptr& thrown, Page fetched) {
                       fault = thrown;
                       page = std::move(fetched);
                   });
    context.run();
    if (fault) std::rethrow_exception(fault);
    if (auto* failed = std::get_if<Trouble>(&*page)) return std::move(*failed);

    auto parsed = Exposition::parse(std::get<std::string>(*page));
    if (auto* wrong = std::get_if<Trouble>(&parsed))
        return Trouble{fmt::format("{}: {}", admin_url, wrong->why)};
    return Scrape{Clock::now(), std::move(std::get<Exposition>(parsed))};
}

}  // namespace loadgen::books
