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
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "server/client/resolve.hpp"
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

constexpr std::size_t kBlock = 64 * 1024;

using Problem = std::optional<Trouble>;
using Parser = http::response_parser<http::buffer_body>;

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

Trouble refusal(const Parser& parser, const std::string& where, std::string_view body) {
    const std::string reason = first_line(body);
    return {fmt::format("{} answers {}{}{}", where, parser.get().result_int(), reason.empty() ? "" : ": ",
                        reason)};
}

// Newer versions of Beast forget a trailer's fields unless told otherwise.
template <class AnyParser>
void keep_trailer(AnyParser& parser) {
    if constexpr (requires { parser.merge_all_trailers(true); }) parser.merge_all_trailers(true);
}

class Exchange {
  public:
    Exchange(const Take& take, const config::TcpAddress& address, Deadline deadline, Field* field)
        : take_(take), where_(authority(address)), deadline_(deadline), field_(field) {}

    asio::awaitable<Problem> run(const Endpoints& endpoints, std::string_view path, std::uint64_t limit) {
        beast::tcp_stream stream(co_await asio::this_coro::executor);
        stream.expires_at(deadline_);
        const auto [refused, endpoint] = co_await stream.async_connect(endpoints, kAwait);
        if (refused) co_return trouble(refused);

        http::request<http::empty_body> request(http::verb::get, path, 11);
        request.set(http::field::host, where_);
        request.keep_alive(false);
        const auto [unsent, written] = co_await http::async_write(stream, request, kAwait);
        if (unsent) co_return trouble(unsent);

        Parser parser;
        parser.body_limit(limit);
        keep_trailer(parser);
        const auto [unread, read] = co_await http::async_read_header(stream, buffer_, parser, kAwait);
        if (unread) co_return trouble(unread);
        co_return co_await body(stream, parser);
    }

  private:
    Trouble trouble(const beast::error_code& error) const {
        return {fmt::format("{}: {}", where_, in_words(error))};
    }

    asio::awaitable<Problem> body(beast::tcp_stream& stream, Parser& parser) {
        const bool good = parser.get().result() == http::status::ok;
        std::vector<char> block(kBlock);
        std::string said;  // instead
        while (!parser.is_done() && said.size() < kLongestReason) {
            parser.get().body().data = block.data();
            parser.get().body().size = block.size();
            const auto [error, size] = co_await http::async_read(stream, buffer_, parser, kAwait);
            if (error && error != http::error::need_buffer) co_return trouble(error);
            const std::string_view piece(block.data(), block.size() - parser.get().body().size);
            if (!good) said.append(piece);
            if (Problem problem = good && !piece.empty() ? take_(piece) : std::nullopt) co_return problem;
        }
        if (!good) co_return refusal(parser, where_, said);
        if (field_ != nullptr) field_->value = parser.get()[field_->name];
        co_return std::nullopt;
    }

    const Take& take_;
    const std::string where_;
    const Deadline deadline_;
    Field* const field_;
    beast::flat_buffer buffer_;
};

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

Problem fetch_into(const Take& take, std::string_view url, std::string_view path, std::uint64_t limit,
                   std::chrono::milliseconds timeout, Field* field) {
    const Deadline deadline = std::chrono::steady_clock::now() + timeout;
    const config::Parsed<config::TcpAddress> address = admin_address(url);
    if (!address) return Trouble{address.error()};
    const auto found = resolve(*address, deadline);
    if (const auto* const unknown = std::get_if<Trouble>(&found)) return *unknown;

    asio::io_context io{1};
    Problem result = Trouble{"not answered"};
    std::exception_ptr thrown;
    Exchange exchange(take, *address, deadline, field);
    asio::co_spawn(io, exchange.run(std::get<Endpoints>(found), path, limit),
                   [&](const std::exception_ptr& exception, Problem problem) {
                       thrown = exception;
                       result = std::move(problem);
                   });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return result;
}

std::variant<Body, Trouble> fetch(std::string_view url, std::string_view path, std::uint64_t limit,
                                  std::chrono::milliseconds timeout) {
    Body body;
    const auto keep = [&body](std::string_view piece) {
        body.bytes.append(piece);
        return Problem();
    };
    if (Problem problem = fetch_into(keep, url, path, limit, timeout)) return *std::move(problem);
    return body;
}

}  // namespace baton::client
