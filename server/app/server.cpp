#include "server/app/server.hpp"

#include <chrono>
#include <thread>

#include "interp/gil/scheduler.hpp"
#include "server/admin/config_json.hpp"
#include "server/app/samples.hpp"
#include "server/app/timeline.hpp"
#include "server/net/descriptors.hpp"
#include "server/net/tls.hpp"

namespace baton::app {

namespace {

// Instead of kGrace when somebody is in a hurry, or the time for the drain is over: enough for threads that
// are idle.
constexpr std::chrono::milliseconds kHaste{300};

advisor::Advisor::Known known_to_advisor(const config::Config& config, const interp::LongHolds* long_holds) {
    advisor::Advisor::Known known{
        .cpus = config.cpus, .names_holds = long_holds != nullptr, .named_holds = {}};
    if (long_holds != nullptr) known.named_holds = [long_holds] { return named_holds(*long_holds); };
    return known;
}

}  // namespace

Server::Server(const config::Config& config, log::Logs& logs, routing::RouteTable& routes,
               interp::Runtime& runtime, interp::GcWatch& gc, const interp::LongHolds* long_holds,
               std::vector<Loaded> applications)
    : config_(config),
      logs_(logs),
      runtime_(runtime),
      routes_(routes),
      shards_(routes_),
      queues_(applications, config.limits.queue),
      tls_(net::make_tls_context(config.tls)),
      engines_(config, runtime, queues_, std::move(applications), clocks_, logs.events()),
      observatory_(shards_, clocks_, sources(gc)),
      advisor_(observatory_, known_to_advisor(config, long_holds)),
      live_(observatory_, [this] { return readiness_.load(); }) {
    budget_.limit = net::connections_within(config.limits.connections,
                                            net::provide_descriptors(config.limits.connections));
    if (budget_.limit < config.limits.connections)
        logs.events().warn(
            "at most {} connections instead of {}: the limit of open files (ulimit -n) is too low",
            budget_.limit, config.limits.connections);
    const net::Surroundings around{config,        queues_.mounts(), logs.access(), routes_,
                                   logs.events(), budget_,          tls_.get()};
    for (unsigned i = 0; i < config.io_threads; ++i)
        io_.push_back(std::make_unique<net::IoThread>(around, shards_.add(), i));
    for (const config::BindAddress& address : config.bind)
        listeners_.push_back(std::make_unique<net::Listener>(address, io_, logs.events()));
    make_admin();
}

metrics::Sources Server::sources(interp::GcWatch& gc) {
    return {.gils = [this] { return gil_samples(runtime_); },
            .threads = [this] { return engines_.threads(); },
            .queue_length = [this] { return queues_.length(); },
            .runtime = [this] { return runtime_info(); },
            .gc = [&gc] { return gc_samples(gc); },
            .python_threads = python_threads,
            .party_name = party_name,
            .loops = [this] { return engines_.loops(); }};
}

metrics::RuntimeInfo Server::runtime_info() const {
    const std::string& fault = runtime_.ledger_fault();
    return {BATON_VERSION,
            runtime_.version(),
            engines_.mode(),
            engines_.interface(),
            std::string(gil::name_of(gil::policy())),
            fault.empty() ? "exact" : fault};
}

void Server::make_admin() {
    if (!config_.admin) return;
    try {
        admin_ = std::make_unique<admin::Admin>(
            *config_.admin,
            admin::Sources{observatory_, clocks_, advisor_, live_, [this] { return readiness_.load(); },
                           [this] { return admin::config_json(config_); }, timeline(routes_, runtime_),
                           [this](const std::string& line) { logs_.events().error("{}", line); }});
    } catch (const std::system_error& error) {
        throw net::AddressError("cannot listen on " + config::to_string(*config_.admin) +
                                " (--admin): " + error.code().message());
    }
}

Server::End Server::run(Signals& signals) {
    if (admin_) admin_->start();
    engines_.start();
    for (const auto& thread : io_)
        thread->start([this] { clocks_.enter(metrics::Role::io); }, [this] { clocks_.leave(); });
    ExitStatus status = kEnded;
    if (!engines_.await_start([&signals] { return signals.asked(); })) {
        status = complain(kNoApplication, engines_.failure());
    } else {
        if (!signals.asked()) accept();
        signals.wait();
        drain(signals);
    }
    return {status, end(signals, status)};
}

void Server::accept() {
    for (const auto& listener : listeners_) {
        listener->start();
        say("serving " + listener->url(config_.tls.enabled()));
    }
    if (admin_) say("admin on " + admin_->url());
    readiness_ = admin::Readiness::ready;
}

// Stop accepting, and let what is in flight finish.
void Server::drain(Signals& signals) {
    readiness_ = admin::Readiness::draining;
    logs_.events().info("draining: {} connections", budget_.live.load());
    for (const auto& listener : listeners_) listener->close();
    for (const auto& thread : io_) thread->drain();
    const auto patience = config_.timeouts.drain;
    const auto deadline = patience.count() == 0 ? std::chrono::steady_clock::time_point::max()
                                                : std::chrono::steady_clock::now() + patience;
    const auto wait_while = [&](const auto& something) {
        while (something() && !signals.again() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    };
    wait_while([&] { return budget_.live > 0 || engines_.loop_busy(); });
    engines_.close_loop();
    wait_while([&] { return !engines_.loop_over(); });
}

// Whatever does not end in time is left behind. False: there is something.
bool Server::end(Signals& signals, ExitStatus status) {
    const std::size_t open = budget_.live;
    if (open > 0) logs_.events().warn("ending with {} connections open", open);
    // From here on everything waits for somebody: for threads, for Python's atexit functions, for whoever
    // reads the logs. Not for ever.
    const auto grace = open > 0 ? kHaste : std::chrono::milliseconds(kGrace);
    end_process_by(signals.again() ? 2 * kHaste : grace + kGrace, status);
    for (const auto& thread : io_) thread->stop();
    engines_.close();
    const bool clean = engines_.join_until(std::chrono::steady_clock::now() + grace);
    if (admin_) admin_->stop();
    return clean;
}

}  // namespace baton::app
