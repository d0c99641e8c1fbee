// A listening socket: TCP, unix, or inherited from the process that started us.
//
// Threads: built by main; accepts on the first I/O thread and hands the sockets round to all of them.
// Lifetime: before the I/O threads stop, close() it or let it go with them. Removes its unix socket file at
// the end. Cannot: limit connections; the I/O threads do.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/net/io_thread.hpp"

namespace baton::net {

// The address cannot be had; what() is one line. Exit status 4.
struct AddressError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Listener {
  public:
    Listener(const config::BindAddress& address, const std::vector<std::unique_ptr<IoThread>>& threads,
             spdlog::logger& logger);
    ~Listener();

    // Where it can be reached: "http://127.0.0.1:8000", "https://...", "unix:/run/app.sock". With the real
    // port.
    std::string url(bool tls) const;
    void start();
    // From any thread; no further connection is accepted afterwards.
    void close();

  private:
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;

    void open_tcp(const config::TcpAddress& address);
    void open_unix(const config::UnixAddress& address);
    void open_inherited(const config::InheritedSocket& inherited);
    void listen(const asio::generic::stream_protocol::endpoint& endpoint, const std::string& name);
    Task<void> accept_all();
    std::shared_ptr<const dispatch::Peer> describe(const Socket& socket) const;

    const std::vector<std::unique_ptr<IoThread>>& threads_;
    spdlog::logger& logger_;
    Acceptor acceptor_;
    std::string unix_path_;
    std::size_t next_ = 0;
};

}  // namespace baton::net
