#include "server/admin/admin.hpp"

#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "server/admin/pages.hpp"

namespace baton::admin {
namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace

Admin::Admin(const config::TcpAddress& address, Sources sources)
    : sources_(std::move(sources)),
      rounds_(sources_.report),
      traces_(sources_.trace, sources_.clocks),
      listener_(io_, address, {[this](const Asked& asked) { return page(asked, sources_, traces_); }}) {
    if (!sources_.readiness || !sources_.config) throw std::invalid_argument("admin: a source is missing");
    rounds_.add("counting the throughput", [this] { sources_.observatory.tick(); });
    rounds_.add("keeping the history", [this] { sources_.live.tick(); });
    rounds_.add("advising", [this] { sources_.advisor.tick(); });
}

Admin::~Admin() {
    stop();
}

void Admin::start() {
    asio::co_spawn(io_, listener_.serve(), asio::detached);
    asio::co_spawn(io_, tick(), asio::detached);
    thread_ = std::thread([this] { run(); });
}

void Admin::stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
    traces_.stop();
}

void Admin::run() {
    sigset_t all;  // signals are main's
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "baton-admin");
    const metrics::ThreadClocks::Scope clock(sources_.clocks, metrics::Role::admin);
    io_.run();
}

asio::awaitable<void> Admin::tick() {
    asio::steady_timer timer(io_);
    while (true) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(kAwait);
        rounds_.run(std::chrono::steady_clock::now());
    }
}

}  // namespace baton::admin
