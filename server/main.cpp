// Builds every object, top-down, and owns the order in which they begin and end.
//
//   configuration -> logs -> Python and the application -> queue -> I/O threads -> listeners -> interpreter
//   threads -> admin
//
// and the same backwards. The only file of server/ that knows interp/.
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <boost/version.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>

#include "interp/gil/ledger.hpp"
#include "interp/gil/scheduler.hpp"
#include "interp/interpreter.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/config_json.hpp"
#include "server/cli/command.hpp"
#include "server/log/escape.hpp"
#include "server/log/logs.hpp"
#include "server/net/descriptors.hpp"
#include "server/net/io_thread.hpp"
#include "server/net/listener.hpp"
#include "server/net/tls.hpp"
#include "server/probe/probe.hpp"
#include "server/signals.hpp"

extern char** environ;

namespace {

using namespace baton;

enum ExitStatus { kEnded = 0, kFailed = 1, kUsage = 2, kNoApplication = 3, kNoAddress = 4 };

// After the drain: for threads to notice that it is over, and as much again for Python's own end (atexit
// functions).
constexpr std::chrono::seconds kGrace{3};
// The same when somebody is in a hurry, or the time for the drain is over: enough for threads that are idle.
constexpr std::chrono::milliseconds kHaste{300};

// In one write: the log's thread writes to standard error, too.
void say(const std::string& text) {
    std::cerr << "baton: " + text + "\n";
}

int complain(ExitStatus status, const std::string& text) {
    say(text);
    return status;
}

metrics::PhaseCount count(const gil::Histogram& histogram) {
    metrics::PhaseCount result;
    static_assert(result.buckets.size() == std::tuple_size_v<decltype(histogram.buckets)>);
    std::copy(histogram.buckets.begin(), histogram.buckets.end(), result.buckets.begin());
    result.sum = histogram.sum;
    return result;
}

std::string interpreter_name(std::size_t entry) {
    return entry == 0 ? "main" : std::to_string(entry);
}

static_assert(gil::kProgramTags == routing::RouteTable::kIds, "requests bear their route ids as tags");

std::string party_name(metrics::Party party) {
    if (party == gil::kNobody) return "_FREE";
    return "thread:" + (party == gil::kOtherThreads ? "_OTHER" : gil::name_of(party));
}

std::vector<metrics::GcSample> gc_samples(const interp::GcWatch& watch) {
    std::vector<metrics::GcSample> samples;
    for (const gil::Histogram& pauses : watch.pauses())
        samples.push_back({"main", std::to_string(samples.size()), count(pauses)});
    return samples;
}

std::string_view word(gil::Doing doing) {
    switch (doing) {
        case gil::Doing::holding:
            return "holding";
        case gil::Doing::waiting:
            return "waiting";
        case gil::Doing::in_lock:
            return "in_lock";
        case gil::Doing::off_gil:
            break;
    }
    return "off_gil";
}

std::vector<metrics::PythonThread> python_threads() {
    std::vector<metrics::PythonThread> threads;
    for (const gil::ThreadBook& book : gil::threads()) {
        threads.push_back({interpreter_name(book.gil), gil::name_of(book.name), word(book.doing),
                           book.for_time, book.totals.held, book.totals.waited, std::nullopt});
        if (gil::is_program_tag(book.tag)) threads.back().route = book.tag;
    }
    return threads;
}

std::vector<metrics::GilSample> gil_samples(const interp::Runtime& runtime) {
    std::vector<metrics::GilSample> samples;
    if (!gil::exact()) {
        samples.push_back({.interpreter = "main", .enabled = runtime.gil_enabled(), .exact = false});
        return samples;
    }
    for (const gil::Snapshot& gil : gil::snapshot()) {
        metrics::GilSample sample;
        sample.interpreter = interpreter_name(gil.entry);
        sample.exact = true;
        sample.held = gil.totals.held;
        sample.waiting = gil.totals.waited;
        sample.holds = count(gil.holds);
        sample.waits = count(gil.waits);
        sample.forced = gil.totals.forced;
        sample.voluntary = gil.totals.voluntary;
        sample.waiters = gil.waiters;
        for (const gil::Blame& part : gil.blame)
            sample.blame.push_back({part.waiting, part.holding, part.nanoseconds});
        for (const gil::LongestHold& hold : gil.longest)
            sample.longest.push_back({hold.tag, hold.nanoseconds});
        samples.push_back(std::move(sample));
    }
    return samples;
}

metrics::ThreadStates thread_states(const interp::WorkerPool& pool, const dispatch::ThreadKeeper& keeper) {
    const interp::WorkerStates states = pool.states();
    return {states.running, states.waiting, states.off_gil, states.idle, keeper.report()};
}

dispatch::GilUse main_gil() {
    dispatch::GilUse use;
    for (const gil::Snapshot& gil : gil::snapshot()) {
        if (gil.main) use = {gil::exact(), gil.totals.held, gil.totals.waited, gil.waiters};
    }
    return use;
}

std::string version_text() {
    return fmt::format("Baton {}\nCPython {}\nBoost {}.{}.{}\n{}\n", BATON_VERSION, BATON_PYTHON_VERSION,
                       BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100,
                       OpenSSL_version(OPENSSL_VERSION));
}

// A running server: everything between a loaded application and the end of the process.
class Server {
  public:
    Server(const config::Config& config, log::Logs& logs, routing::RouteTable& routes,
           interp::Runtime& runtime, interp::GcWatch& gc, interp::Application& application);

    // Serves until a signal says that it is enough; the exit status, and whether all threads have ended.
    struct End {
        bool clean = true;
    };
    End run(Signals& signals);

  private:
    dispatch::ThreadKeeperSources keeper_sources();
    void make_admin();
    End drain(Signals& signals);

    const config::Config& config_;
    log::Logs& logs_;
    interp::Runtime& runtime_;
    routing::RouteTable& routes_;
    metrics::Shards shards_;
    metrics::ThreadClocks clocks_;
    dispatch::WorkQueue queue_;
    dispatch::Mounts mounts_;
    net::ConnectionBudget budget_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::vector<std::unique_ptr<net::IoThread>> io_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
    interp::WorkerPool pool_;
    dispatch::ThreadKeeper keeper_;
    metrics::Observatory observatory_;
    std::atomic<admin::Readiness> readiness_{admin::Readiness::starting};
    std::unique_ptr<admin::Admin> admin_;
};

Server::Server(const config::Config& config, log::Logs& logs, routing::RouteTable& routes,
               interp::Runtime& runtime, interp::GcWatch& gc, interp::Application& application)
    : config_(config),
      logs_(logs),
      runtime_(runtime),
      routes_(routes),
      shards_(routes_),
      queue_(config.limits.queue),
      mounts_({dispatch::Mount{"", 0, &queue_, false}}),
      tls_(net::make_tls_context(config.tls)),
      pool_(runtime, queue_, application,
            {.began = [this] { clocks_.enter(metrics::Role::interpreter); },
             .ending = [this] { clocks_.leave(); }}),
      keeper_({config.python.threads.min, config.python.threads.max, config.cpus}, queue_, keeper_sources()),
      observatory_(shards_, clocks_,
                   {.gils = [this] { return gil_samples(runtime_); },
                    .threads = [this] { return thread_states(pool_, keeper_); },
                    .queue_length = [this] { return queue_.length(); },
                    .runtime =
                        [this] {
                            const std::string& fault = runtime_.ledger_fault();
                            return metrics::RuntimeInfo{BATON_VERSION,
                                                        runtime_.version(),
                                                        "threads",
                                                        "wsgi",
                                                        std::string(gil::name_of(gil::policy())),
                                                        fault.empty() ? "exact" : fault};
                        },
                    .gc = [&gc] { return gc_samples(gc); },
                    .python_threads = python_threads,
                    .party_name = party_name,
                    .loops = [] { return std::vector<metrics::LoopSample>{}; }}) {
    budget_.limit = net::connections_within(config.limits.connections,
                                            net::provide_descriptors(config.limits.connections));
    if (budget_.limit < config.limits.connections)
        logs.events().warn(
            "at most {} connections instead of {}: the limit of open files (ulimit -n) is too low",
            budget_.limit, config.limits.connections);
    const net::Surroundings around{config,        mounts_, logs.access(), routes_,
                                   logs.events(), budget_, tls_.get()};
    for (unsigned i = 0; i < config.io_threads; ++i)
        io_.push_back(std::make_unique<net::IoThread>(around, shards_.add(), i));
    for (const config::BindAddress& address : config.bind)
        listeners_.push_back(std::make_unique<net::Listener>(address, io_, logs.events()));
    make_admin();
}

dispatch::ThreadKeeperSources Server::keeper_sources() {
    return {.size = [this] { return pool_.size(); },
            .grow = [this](std::size_t threads) { return pool_.grow(threads); },
            .retire = [this](std::size_t threads) { return pool_.retire(threads); },
            .gil = main_gil,
            .python_cpu =
                [this] {
                    const auto spent = clocks_.by_role();
                    return spent[static_cast<std::size_t>(metrics::Role::interpreter)] +
                           spent[static_cast<std::size_t>(metrics::Role::application)];
                },
            .began = [this] { clocks_.enter(metrics::Role::admin); },
            .ending = [this] { clocks_.leave(); }};
}

void Server::make_admin() {
    if (!config_.admin) return;
    try {
        admin_ = std::make_unique<admin::Admin>(
            *config_.admin, admin::Sources{observatory_, clocks_, [this] { return readiness_.load(); },
                                           [this] { return admin::config_json(config_); }});
    } catch (const std::system_error& error) {
        throw net::AddressError("cannot listen on " + config::to_string(*config_.admin) +
                                " (--admin): " + error.code().message());
    }
}

Server::End Server::run(Signals& signals) {
    if (admin_) admin_->start();
    keeper_.start();
    for (const auto& thread : io_)
        thread->start([this] { clocks_.enter(metrics::Role::io); }, [this] { clocks_.leave(); });
    for (const auto& listener : listeners_) {
        listener->start();
        say("serving " + listener->url(config_.tls.enabled()));
    }
    if (admin_) say("admin on " + admin_->url());
    readiness_ = admin::Readiness::ready;
    signals.wait();
    return drain(signals);
}

// Stop accepting, let what is in flight finish, end. Whatever does not end in time is left behind.
Server::End Server::drain(Signals& signals) {
    readiness_ = admin::Readiness::draining;
    logs_.events().info("draining: {} connections", budget_.live.load());
    for (const auto& listener : listeners_) listener->close();
    for (const auto& thread : io_) thread->drain();
    const auto patience = config_.timeouts.drain;
    const auto deadline = patience.count() == 0 ? std::chrono::steady_clock::time_point::max()
                                                : std::chrono::steady_clock::now() + patience;
    while (budget_.live > 0 && !signals.again() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::size_t open = budget_.live;
    if (open > 0) logs_.events().warn("ending with {} connections open", open);
    // From here on everything waits for somebody: for threads, for Python's atexit functions, for whoever
    // reads the logs. Not for ever.
    const auto grace = open > 0 ? kHaste : std::chrono::milliseconds(kGrace);
    end_process_by(signals.again() ? 2 * kHaste : grace + kGrace, kEnded);
    for (const auto& thread : io_) thread->stop();
    keeper_.stop();
    pool_.close();
    const std::size_t stuck = pool_.join_until(std::chrono::steady_clock::now() + grace);
    if (stuck > 0) logs_.events().warn("ending with {} interpreter threads still in the application", stuck);
    if (admin_) admin_->stop();
    return {stuck == 0};
}

interp::InterpOptions interp_options(const config::Python& python) {
    return {python.venv, python.chdir, python.path, python.switch_interval};
}

// The one line for whatever was thrown.
int complain_of_current_exception() {
    try {
        throw;
    } catch (const net::AddressError& error) {
        return complain(kNoAddress, error.what());
    } catch (const probe::AddressError& error) {
        return complain(kNoAddress, error.what());
    } catch (const net::TlsError& error) {
        return complain(kUsage, error.what());
    } catch (const std::invalid_argument& error) {
        return complain(kUsage, error.what());
    } catch (const interp::StartError& error) {
        return complain(kNoApplication, error.what());
    } catch (const std::exception& error) {
        return complain(kFailed, error.what());
    }
}

// Does what there is to do with a Python that is about to end. Its end waits for the threads that the
// application has started, so it is bounded, whatever came before.
template <typename Work>
int with_bounded_end(const Work& work) {
    int status = kFailed;
    try {
        status = work();
    } catch (...) {
        status = complain_of_current_exception();
    }
    end_process_by(kGrace, status);
    return status;
}

// What the WSGI side keeps from one request to the next is guarded by the GIL alone.
void bound_threads(config::Config& config, const interp::Runtime& runtime, spdlog::logger& log) {
    if (runtime.gil_enabled() || config.python.threads.max == 1) return;
    log.warn("without a GIL this version serves from one interpreter thread; PYTHON_GIL=1 gives one");
    config.python.threads = {1, 1};
}

// A configuration of its own, which Python may bound further.
int serve_application(config::Config config, log::Logs& logs, interp::Runtime& runtime, Signals& signals) {
    routing::RouteTable routes(config.routes);
    // Before anything but this thread runs Python.
    interp::GcWatch gc(runtime);
    std::optional<interp::LongHolds> long_holds;
    if (config.long_holds.count() > 0 && gil::exact())
        long_holds.emplace(
            runtime, config.long_holds,
            [&routes](routing::RouteId id, const std::string& path) {
                return log::escaped(id == routing::RouteTable::kOther ? std::string_view(path)
                                                                      : routes.label(id));
            },
            logs.events());
    interp::LoadResult loaded =
        interp::load_application(runtime, {config.python.application, config.python.factory});
    if (const auto* error = std::get_if<interp::LoadError>(&loaded))
        return complain(kNoApplication, error->text);
    signals.loaded();
    bound_threads(config, runtime, logs.events());
    if (config.python.gil_policy == config::GilPolicy::latency && gil::exact())
        gil::set_policy(gil::Policy::latency);
    const auto application =
        interp::wsgi::make_wsgi(runtime, std::move(std::get<interp::LoadedApplication>(loaded)),
                                {.multithread = config.python.threads.max > 1}, logs.events());
    auto server = std::make_unique<Server>(config, logs, routes, runtime, gc, *application);
    const Server::End end = server->run(signals);
    if (end.clean) return kEnded;
    // A thread is still in Python: nothing that it may touch can be taken away from it, so the process just
    // ends.
    logs.close();
    std::fflush(nullptr);
    _exit(kEnded);
}

int serve(const config::Config& config, const std::vector<std::string>& warnings) {
    Signals signals;
    log::Logs logs(config);
    for (const std::string& warning : warnings) logs.events().warn(warning);
    interp::Runtime runtime(interp_options(config.python), logs.events());
    return with_bounded_end([&] { return serve_application(config, logs, runtime, signals); });
}

int check(const config::Config& config) {
    log::Logs logs(config);
    interp::Runtime runtime(interp_options(config.python), logs.events());
    return with_bounded_end([&]() -> int {
        const interp::LoadResult loaded =
            interp::load_application(runtime, {config.python.application, config.python.factory});
        if (const auto* error = std::get_if<interp::LoadError>(&loaded))
            return complain(kNoApplication, error->text);
        std::cout << std::get<interp::LoadedApplication>(loaded).description() << std::endl;
        return kEnded;
    });
}

// What is opened next gets the lowest number that is free. Were that 1 or 2, log lines would go to a client.
void occupy_standard_descriptors() {
    int fd = 0;
    do {
        fd = ::open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) ::close(fd);
}

int dispatch_command(const cli::Command& command) {
    if (const auto* failure = std::get_if<cli::Failure>(&command)) return complain(kUsage, failure->line);
    if (const auto* text = std::get_if<cli::Text>(&command)) {
        std::cout << text->text << std::flush;
        return kEnded;
    }
    if (const auto* checked = std::get_if<cli::Check>(&command)) return check(checked->config);
    if (const auto* probed = std::get_if<cli::Probe>(&command)) return probe::run(*probed);
    const auto& served = std::get<cli::Serve>(command);
    return serve(served.config, served.warnings);
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // a client that has gone is an error code, not a signal
    try {
        return dispatch_command(cli::parse(argc, argv, config::environment(environ), version_text()));
    } catch (...) {
        return complain_of_current_exception();
    }
}
