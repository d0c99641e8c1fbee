// An address whose pages are answered on one thread.
//
// Threads: constructor and url() on one thread before serve() runs; serve() on the thread of `io`. Lifetime:
// within that of `io`, which has to be stopped before this goes; `service` is kept. Cannot: have more than 64
// connections: another takes the place of the one that has been idle the longest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "server/admin/session.hpp"
#include "server/admin/sessions.hpp"
#include "server/config/config.hpp"

namespace baton::admin {

class Listener {
  public:
    // Binds and listens; throws std::system_error when the address is not to be had. Port 0 takes a free one.
    // On loopback it is called by local names only.
    Listener(boost::asio::io_context& io, const config::TcpAddress& address, Service service);

    // Accepts for ever; to be spawned.
    boost::asio::awaitable<void> serve();

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string url() const;

  private:
    void begin(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    Service service_;
    // Shared: coroutines that are under way end with io_, after this.
    std::shared_ptr<Sessions> sessions_ = std::make_shared<Sessions>();
};

}  // namespace baton::admin
