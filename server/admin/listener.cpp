#include "server/admin/listener.hpp"

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace baton::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void refuse(const config::TcpAddress& address, const boost::system::error_code& error) {
    throw std::system_error(error, "admin address " + address.host + ":" + std::to_string(address.port));
}

tcp::endpoint resolve(asio::io_context& io, const config::TcpAddress& address) {
    boost::system::error_code error;
    const auto found =
        tcp::resolver(io).resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
    if (error) refuse(address, error);
    return found.begin()->endpoint();
}

bool on_loopback(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

// Programs that the application starts must not keep our port. Asio has no option for it.
void keep_from_children(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    acceptor.open(endpoint.protocol());
    keep_from_children(acceptor.native_handle());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
}

}  // namespace

Listener::Listener(asio::io_context& io, const config::TcpAddress& address, Service service)
    : io_(io), acceptor_(io), service_(std::move(service)) {
    const tcp::endpoint endpoint = resolve(io_, address);
    service_.local_names_only = on_loopback(endpoint.address());
    try {
        listen(acceptor_, endpoint);
    } catch (const boost::system::system_error& error) {
        refuse(address, error.code());
    }
}

std::string Listener::url() const {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    const std::string quoted = endpoint.address().is_v6() ? "[" + host + "]" : host;
    return "http://" + quoted + ":" + std::to_string(endpoint.port()) + "/";
}

asio::awaitable<void> Listener::serve() {
    asio::steady_timer pause(io_);
    while (true) {
        auto [error, socket] = co_await acceptor_.async_accept(kAwait);
        if (error) {  // out of descriptors, mostly: others may give some back
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(kAwait);
        } else {
            begin(std::move(socket));
        }
    }
}

// Without memory for one more connection there is one less; others come after it.
void Listener::begin(tcp::socket socket) {
    try {
        keep_from_children(socket.native_handle());
        asio::co_spawn(io_, admin::serve(std::move(socket), service_, sessions_), asio::detached);
    } catch (const std::bad_alloc&) {
        return;
    }
}

}  // namespace baton::admin
