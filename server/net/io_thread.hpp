// One I/O thread: an io_context, the connections that live on it, and the mail from interpreter threads.
//
// Threads: run() is the thread; adopt(), drain() and stop() may be called from any other; the rest belongs to
// the thread's own connections. Lifetime: built by main before the listeners, ended after them; outlives its
// Exchanges. Cannot: take the GIL.
#pragma once

#include <spdlog/logger.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "server/config/config.hpp"
#include "server/dispatch/inbox.hpp"
#include "server/dispatch/mounts.hpp"
#include "server/http/request_parser.hpp"
#include "server/http/serializer.hpp"
#include "server/log/access_log.hpp"
#include "server/metrics/recorder.hpp"
#include "server/net/request_id.hpp"
#include "server/net/task.hpp"

namespace baton::net {

class Connection;

// The connections of the whole process.
struct ConnectionBudget {
    std::atomic<std::size_t> live{0};
    std::size_t limit = 0;
};

// What every connection of a process needs; all of it outlives the I/O threads.
struct Surroundings {
    const config::Config& config;
    const dispatch::Mounts& mounts;
    log::AccessLog& access_log;
    const routing::RouteTable& routes;
    spdlog::logger& logger;
    ConnectionBudget& budget;
    asio::ssl::context* tls = nullptr;
};

class IoThread {
  public:
    IoThread(const Surroundings& surroundings, metrics::Recorder& recorder, unsigned index);
    ~IoThread();

    // The functions are called on the new thread, first and last.
    void start(std::function<void()> began, std::function<void()> ending);
    asio::io_context& context() { return context_; }
    // Makes a connection of a socket that was accepted on this thread's context.
    void adopt(Socket socket, std::shared_ptr<const dispatch::Peer> peer);
    // Idle connections end now, the others after the response they are at.
    void drain();
    // Ends the thread, whatever is still open. Waits for it.
    void stop();

    // --- For connections, on this thread.
    const Surroundings& around() const { return around_; }
    const config::Config& config() const { return around_.config; }
    metrics::Recorder& recorder() { return recorder_; }
    dispatch::Inbox& inbox() { return inbox_; }
    http::DateLine& date() { return date_; }
    RequestIds& ids() { return ids_; }
    const http::ParserLimits& parser_limits() const { return parser_limits_; }
    bool draining() const { return draining_; }
    void enlist(Connection& connection);
    void delist(Connection& connection);

  private:
    using Ticker = asio::basic_waitable_timer<std::chrono::steady_clock,
                                              asio::wait_traits<std::chrono::steady_clock>, Executor>;

    void run();
    // Wakes whoever is to serve what the connections have pushed. True: look again in about a millisecond.
    bool flush();
    void tick();
    void welcome(Socket socket, std::shared_ptr<const dispatch::Peer> peer);
    bool make_room();

    const Surroundings around_;
    metrics::Recorder& recorder_;
    const unsigned index_;
    struct List;                         // of Connection, which is incomplete here
    std::unique_ptr<List> connections_;  // before context_, whose end ends the connections that are left
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_;
    dispatch::Inbox inbox_;
    Ticker ticker_;
    http::ParserLimits parser_limits_;
    http::DateLine date_;
    RequestIds ids_;
    bool draining_ = false;
    bool ticking_ = false;
    std::thread thread_;
};

}  // namespace baton::net
