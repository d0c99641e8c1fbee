// The admin address: metrics, health and state, on a thread of its own that never needs the GIL. It answers
// while every interpreter is stuck and every I/O thread is busy.
//
// Threads: constructor, start() and stop() on one thread (main's); its own thread serves.
// Lifetime: what `sources` refers to outlives it; stop() or the destructor ends the thread.
// Cannot: have more than 64 connections at once (another takes the place of one that is idle), or change
// anything.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <string>
#include <thread>

#include "server/admin/listener.hpp"
#include "server/admin/rounds.hpp"
#include "server/admin/sources.hpp"
#include "server/admin/trace_page.hpp"
#include "server/config/config.hpp"

namespace baton::admin {

class Admin {
  public:
    // Binds and listens; throws std::system_error when the address is not to be had. Port 0 takes a free one.
    Admin(const config::TcpAddress& address, Sources sources);
    ~Admin();
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    void start();
    void stop();

    std::uint16_t port() const { return listener_.port(); }
    std::string url() const { return listener_.url(); }

  private:
    boost::asio::awaitable<void> tick();
    void run();

    const Sources sources_;
    Rounds rounds_;
    TracePage traces_;  // before io_, with which the streams end that refer to it
    boost::asio::io_context io_{1};
    Listener listener_;
    std::thread thread_;
};

}  // namespace baton::admin
