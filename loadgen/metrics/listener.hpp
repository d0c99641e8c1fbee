// A small HTTP server of one page, /metrics, beside a run.
//
// Threads: one of its own, which asks for the text anew for each scrape. Lifetime: from construction, when it
// listens, to destruction, which waits for a text that is being made. Cannot: speak TLS; be slow because of
// the run, as the text is made from a copy.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <thread>

namespace loadgen::metrics {

class Listener {
  public:
    using Text = std::function<std::string()>;

    // An address that is not to be had is thrown as boost::system::system_error.
    Listener(const boost::asio::ip::tcp::endpoint& at, Text text);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // http://127.0.0.1:9191/metrics
    std::string url() const;

  private:
    Text text_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace loadgen::metrics
