#include "server/client/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "server/config/address.hpp"

namespace baton::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kScheme = "http://";
constexpr std::size_t kLongestReason = 200;

using Result = std::variant<Body, Trouble>;
using Parser = http::response_parser<http::string_body>;

std::string authority(const config::TcpAddress& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

// The first line of what somebody else says, without control characters: it goes to a terminal.
std::string first_line(std::string_view text) {
    std::string line(text.substr(0, std::min(text.find_first_of("\r\n"), kLongestReason)));
    std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
    return line;
}

std::string in_words(const beast::error_code& error) {
    if (error == beast::error::timeout) return "it took too long";
    if (error == http::error::body_limit) return "the answer is too large";
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return "the connection ended too early";
    return error.message();
}

Result judged(Parser& parser, const std::string& where) {
    if (parser.get().result() == http::status::ok) return Body{std::move(parser.get().body())};
    const std::string reason = first_line(parser.get().body());
    return Trouble{fmt::format("{} answers {}{}{}", where, parser.get().result_int(),
                               reason.empty() ? "" : ": ", reason)};
}

asio::awaitable<Result> exchange(const std::vector<tcp::endpoint>& endpoints,
                                 const config::TcpAddress& address, std::string_view path,
                                 std::uint64_t limit, std::chrono::milliseconds timeout) {
    const std::string where = authority(address);
    const auto trouble = [&](const beast::error_code& error) {
        return Trouble{fmt::format("{}: {}", where, in_words(error))};
    };
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(timeout);
    const auto [refused, endpoint] = co_await stream.async_connect(endpoints, kAwait);
    if (refused) co_return trouble(refused);

    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, where);
    request.keep_alive(false);
    const auto [unsent, written] = co_await http::async_write(stream, request, kAwait);
    if (unsent) co_return trouble(unsent);

    beast::flat_buffer buffer;
    Parser parser;
    parser.body_limit(limit);
    const auto [unread, read] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (unread) co_return trouble(unread);
    co_return judged(parser, where);
}

}  // namespace

config::Parsed<config::TcpAddress> admin_address(std::string_view url) {
    std::string_view rest = url;
    if (rest.starts_with("https://")) return config::Error{"the admin address speaks http, not https"};
    if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    config::Parsed<config::TcpAddress> address = config::tcp_address(rest);
    if (!address) return config::Error{fmt::format("the admin address {}", address.error())};
    if (address->port == 0) return config::Error{"the admin address needs a port"};
    return address;
}

Result fetch(std::string_view url, std::string_view path, std::uint64_t limit,
             std::chrono::milliseconds timeout) {
    const config::Parsed<config::TcpAddress> address = admin_address(url);
    if (!address) return Trouble{address.error()};
    asio::io_context io{1};
    boost::system::error_code error;
    const auto found = tcp::resolver(io).resolve(address->host, std::to_string(address->port), error);
    if (error) return Trouble{fmt::format("{}: {}", address->host, error.message())};
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());

    Result result = Trouble{"not answered"};
    std::exception_ptr thrown;
    asio::co_spawn(io, exchange(endpoints, *address, path, limit, timeout),
                   [&](const std::exception_ptr& exception, Result answer) {
                       thrown = exception;
                       result = std::move(answer);
                   });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return result;
}

}  // namespace baton::client
