// A running server: everything between loaded applications and the end of the process.
//
// Threads: main's; it starts all others. Lifetime: the Runtime, the logs and the configuration outlive it.
// When run() says that it was not clean, a thread is still in Python: the Server must stay until _exit().
// Cannot: be run twice.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "interp/gc_watch.hpp"
#include "interp/long_holds.hpp"
#include "interp/runtime.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/live.hpp"
#include "server/advisor/advisor.hpp"
#include "server/app/engines.hpp"
#include "server/app/loading.hpp"
#include "server/app/outcome.hpp"
#include "server/log/logs.hpp"
#include "server/metrics/observatory.hpp"
#include "server/net/io_thread.hpp"
#include "server/net/listener.hpp"
#include "server/routing/route_table.hpp"
#include "server/signals.hpp"

namespace baton::app {

// After the drain: for threads to notice that it is over, and as much again for Python's own end (atexit
// functions).
inline constexpr std::chrono::seconds kGrace{3};

class Server {
  public:
    // Has the addresses, or throws net::AddressError. `long_holds` may be null.
    Server(const config::Config& config, log::Logs& logs, routing::RouteTable& routes,
           interp::Runtime& runtime, interp::GcWatch& gc, const interp::LongHolds* long_holds,
           std::vector<Loaded> applications);

    // Serves until a signal says that it is enough.
    struct End {
        ExitStatus status = kEnded;
        bool clean = true;  // all threads have ended
    };
    End run(Signals& signals);

  private:
    metrics::Sources sources(interp::GcWatch& gc);
    metrics::RuntimeInfo runtime_info() const;
    void make_admin();
    void accept();
    void drain(Signals& signals);
    bool end(Signals& signals, ExitStatus status);

    const config::Config& config_;
    log::Logs& logs_;
    interp::Runtime& runtime_;
    routing::RouteTable& routes_;
    metrics::Shards shards_;
    metrics::ThreadClocks clocks_;
    Queues queues_;
    net::ConnectionBudget budget_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::vector<std::unique_ptr<net::IoThread>> io_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
    Engines engines_;
    metrics::Observatory observatory_;
    advisor::Advisor advisor_;
    std::atomic<admin::Readiness> readiness_{admin::Readiness::starting};
    admin::Live live_;
    std::unique_ptr<admin::Admin> admin_;
};

}  // namespace baton::app
