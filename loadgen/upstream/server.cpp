#include "loadgen/upstream/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <utility>

#include "loadgen/upstream/delays.hpp"
#include "loadgen/upstream/session.hpp"

namespace loadgen::upstream {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr int kBacklog = 4096;
constexpr auto kRest = std::chrono::milliseconds(50);

// A descriptor per connection: as many as the system lets us have.
void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

tcp::acceptor listen(asio::io_context& context, const Options& options) {
    const tcp::endpoint endpoint(asio::ip::make_address(options.bind), options.port);
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(kBacklog);
    return acceptor;
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, const Options& options, Delays& delays) {
    asio::steady_timer rest(acceptor.get_executor());
    for (;;) {
        auto [error, socket] = co_await acceptor.async_accept(kAwait);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {  // no descriptors left, or the client is gone already: others are served meanwhile
            rest.expires_after(kRest);
            co_await rest.async_wait(kAwait);
            continue;
        }
        asio::co_spawn(acceptor.get_executor(), converse(std::move(socket), options, delays), asio::detached);
    }
}

std::string url_of(const tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    return fmt::format("http://{}:{}", endpoint.address().is_v6() ? "[" + host + "]" : host, endpoint.port());
}

}  // namespace

void serve(const Options& options, const std::function<void(const std::string& url)>& ready) {
    raise_descriptor_limit();
    Delays delays(options.distribution, options.seed);
    asio::io_context context(1);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&context](const error_code& error, int) {
        if (!error) context.stop();
    });
    tcp::acceptor acceptor = listen(context, options);
    asio::co_spawn(context, accept_all(acceptor, options, delays), asio::detached);
    ready(url_of(acceptor.local_endpoint()));
    context.run();
}

}  // namespace loadgen::upstream
