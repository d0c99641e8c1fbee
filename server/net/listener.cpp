#include "server/net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

namespace baton::net {

namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

constexpr int kBacklog = 2048;

// Programs that the application starts must not keep our port or our clients' connections. Asio has no option
// for it.
void keep_from_children(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

struct HostPort {
    std::string host, port;
};

HostPort host_and_port(const Endpoint& endpoint) {
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "";
    if (endpoint.protocol().family() == AF_UNIX) return {};
    getnameinfo(endpoint.data(), static_cast<socklen_t>(endpoint.size()), host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    return {host, port};
}

// A socket file left behind by a server that was killed stands in the way of bind(); a live one must not be
// taken.
void remove_stale_socket(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    asio::io_context context;
    asio::local::stream_protocol::socket probe(context);
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

}  // namespace

Listener::Listener(const config::BindAddress& address, const std::vector<std::unique_ptr<IoThread>>& threads,
                   spdlog::logger& logger)
    : threads_(threads), logger_(logger), acceptor_(threads.front()->context()) {
    if (const auto* tcp = std::get_if<config::TcpAddress>(&address)) open_tcp(*tcp);
    if (const auto* unix_address = std::get_if<config::UnixAddress>(&address)) open_unix(*unix_address);
    if (const auto* inherited = std::get_if<config::InheritedSocket>(&address)) open_inherited(*inherited);
}

Listener::~Listener() {
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void Listener::open_tcp(const config::TcpAddress& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const int status =
        getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
    const std::string name = config::to_string(address);
    if (status != 0) throw AddressError("cannot listen on " + name + ": " + gai_strerror(status));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
    listen(Endpoint(found->ai_addr, found->ai_addrlen), name);
}

void Listener::open_unix(const config::UnixAddress& address) {
    if (address.path.size() >= sizeof(sockaddr_un::sun_path))
        throw AddressError("cannot listen on unix:" + address.path + ": the path is too long");
    remove_stale_socket(address.path);
    listen(asio::local::stream_protocol::endpoint(address.path), "unix:" + address.path);
    unix_path_ = address.path;
}

void Listener::open_inherited(const config::InheritedSocket& inherited) {
    const std::string name = "fd://" + std::to_string(inherited.fd);
    int listening = 0;
    socklen_t size = sizeof listening;
    if (getsockopt(inherited.fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0)
        throw AddressError("cannot listen on " + name + ": " + std::strerror(errno));
    if (listening == 0) throw AddressError("cannot listen on " + name + ": it is not a listening socket");
    int family = 0;
    size = sizeof family;
    getsockopt(inherited.fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    error_code error;
    acceptor_.assign(asio::generic::stream_protocol(family, 0), inherited.fd, error);
    if (error) throw AddressError("cannot listen on " + name + ": " + error.message());
    keep_from_children(inherited.fd);
}

void Listener::listen(const Endpoint& endpoint, const std::string& name) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) keep_from_children(acceptor_.native_handle());
    if (!error && endpoint.protocol().family() != AF_UNIX)
        acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    if (error) throw AddressError("cannot listen on " + name + ": " + error.message());
}

std::string Listener::url(bool tls) const {
    error_code error;
    const Endpoint local = acceptor_.local_endpoint(error);
    const std::string scheme = tls ? "https" : "http";
    if (local.protocol().family() == AF_UNIX) {
        const auto* address = reinterpret_cast<const sockaddr_un*>(local.data());
        return "unix:" + std::string(address->sun_path);
    }
    const HostPort at = host_and_port(local);
    const bool v6 = at.host.find(':') != std::string::npos;
    return scheme + "://" + (v6 ? "[" + at.host + "]" : at.host) + ":" + at.port;
}

void Listener::start() {
    asio::co_spawn(threads_.front()->context(), accept_all(), asio::detached);
}

void Listener::close() {
    asio::post(threads_.front()->context(), [this] {
        error_code ignored;
        acceptor_.close(ignored);
    });
}

Task<void> Listener::accept_all() {
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Executor>
        pause(threads_.front()->context());
    while (true) {
        IoThread& thread = *threads_[next_++ % threads_.size()];
        Socket socket(thread.context());
        const auto [error] = co_await acceptor_.async_accept(socket, await_result);
        if (!acceptor_.is_open()) co_return;
        if (!error) {
            keep_from_children(socket.native_handle());
            error_code ignored;  // a unix socket has no such option
            socket.set_option(asio::ip::tcp::no_delay(true), ignored);
            std::shared_ptr<const dispatch::Peer> peer = describe(socket);
            thread.adopt(std::move(socket), std::move(peer));
            continue;
        }
        if (error == asio::error::connection_aborted) continue;
        // Out of descriptors or memory: the pending connection stays in the backlog, and trying at once would
        // only spin.
        logger_.warn("cannot accept a connection: {}", error.message());
        pause.expires_after(std::chrono::milliseconds(100));
        co_await pause.async_wait(await_result);
    }
}

std::shared_ptr<const dispatch::Peer> Listener::describe(const Socket& socket) const {
    auto peer = std::make_shared<dispatch::Peer>();
    error_code error;
    const Endpoint local = socket.local_endpoint(error);
    if (!error) {
        const HostPort here = host_and_port(local);
        peer->server_name = here.host;
        peer->server_port = here.port;
    }
    const Endpoint remote = socket.remote_endpoint(error);
    if (!error) {
        const HostPort there = host_and_port(remote);
        peer->remote_address = there.host;
        peer->remote_port = there.port;
    }
    if (peer->server_name.empty()) peer->server_name = "localhost";
    return peer;
}

}  // namespace baton::net
