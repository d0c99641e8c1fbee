#include "server/admin/admin.hpp"

#include <fcntl.h>
#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "server/admin/session.hpp"

namespace baton::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostSessions = 64;

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

Admin::Admin(const config::TcpAddress& address, Sources sources) : sources_(std::move(sources)) {
    if (!sources_.readiness || !sources_.config) throw std::invalid_argument("admin: a source is missing");
    const tcp::endpoint endpoint = resolve(io_, address);
    try {
        listen(acceptor_, endpoint);
    } catch (const boost::system::system_error& error) {
        refuse(address, error.code());
    }
}

Admin::~Admin() {
    stop();
}

void Admin::start() {
    asio::co_spawn(io_, accept(), asio::detached);
    asio::co_spawn(io_, tick(), asio::detached);
    thread_ = std::thread([this] { run(); });
}

void Admin::stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
}

std::string Admin::url() const {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    const std::string quoted = endpoint.address().is_v6() ? "[" + host + "]" : host;
    return "http://" + quoted + ":" + std::to_string(endpoint.port()) + "/";
}

void Admin::run() {
    sigset_t all;  // signals are main's
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "baton-admin");
    const metrics::ThreadClocks::Scope clock(sources_.clocks, metrics::Role::admin);
    io_.run();
}

asio::awaitable<void> Admin::accept() {
    asio::steady_timer pause(io_);
    while (true) {
        auto [error, socket] = co_await acceptor_.async_accept(kAwait);
        if (error) {  // out of descriptors, mostly: others may give some back
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(kAwait);
        } else if (sessions_ < kMostSessions) {
            keep_from_children(socket.native_handle());
            asio::co_spawn(io_, session(std::move(socket)), asio::detached);
        }
    }
}

asio::awaitable<void> Admin::session(tcp::socket socket) {
    struct Counted {
        std::size_t& count;
        explicit Counted(std::size_t& sessions) : count(sessions) { ++count; }
        ~Counted() { --count; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
    };
    const Counted counted(sessions_);
    co_await serve(std::move(socket), sources_);
}

asio::awaitable<void> Admin::tick() {
    asio::steady_timer timer(io_);
    while (true) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(kAwait);
        sources_.observatory.tick();
    }
}

}  // namespace baton::admin
