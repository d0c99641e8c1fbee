#include "server/app/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "interp/gil/ledger.hpp"
#include "interp/gil/scheduler.hpp"
#include "interp/interpreter.hpp"
#include "server/app/loading.hpp"
#include "server/app/outcome.hpp"
#include "server/app/server.hpp"
#include "server/log/escape.hpp"
#include "server/log/logs.hpp"
#include "server/routing/route_table.hpp"
#include "server/signals.hpp"

namespace baton::app {

namespace {

interp::InterpOptions interp_options(const config::Python& python) {
    return {python.venv, python.chdir, python.path, python.switch_interval};
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
void bound_threads(config::Config& config, const interp::Runtime& runtime,
                   const std::vector<Loaded>& applications, spdlog::logger& log) {
    if (runtime.gil_enabled() || config.python.threads.max == 1) return;
    if (std::any_of(applications.begin(), applications.end(), [](const Loaded& one) { return one.wsgi(); }))
        log.warn("without a GIL this version serves from one interpreter thread; PYTHON_GIL=1 gives one");
    config.python.threads = {1, 1};
}

// For the advice, and for the log when it is asked for.
void watch_long_holds(std::optional<interp::LongHolds>& long_holds, const config::Config& config,
                      interp::Runtime& runtime, const routing::RouteTable& routes, spdlog::logger& log) {
    if (!gil::exact()) return;
    interp::LongHolds::Limits limits;
    if (config.long_holds.count() != 0) limits.logged = config.long_holds;
    long_holds.emplace(
        runtime, limits,
        [&routes](routing::RouteId id, const std::string& path) {
            return log::escaped(id == routing::RouteTable::kOther ? std::string_view(path)
                                                                  : routes.label(id));
        },
        log);
}

// A configuration of its own, which Python may bound further.
int serve_applications(config::Config config, log::Logs& logs, interp::Runtime& runtime, Signals& signals) {
    routing::RouteTable routes(config.routes);
    // Before anything but this thread runs Python.
    interp::GcWatch gc(runtime);
    std::optional<interp::LongHolds> long_holds;
    watch_long_holds(long_holds, config, runtime, routes, logs.events());
    auto loaded = load_all(runtime, config.python);
    if (const auto* error = std::get_if<std::string>(&loaded)) return complain(kNoApplication, *error);
    auto& applications = std::get<std::vector<Loaded>>(loaded);
    signals.loaded();
    bound_threads(config, runtime, applications, logs.events());
    if (config.python.gil_policy == config::GilPolicy::latency && gil::exact())
        gil::set_policy(gil::Policy::latency);
    auto server = std::make_unique<Server>(config, logs, routes, runtime, gc,
                                           long_holds ? &*long_holds : nullptr, std::move(applications));
    const Server::End end = server->run(signals);
    if (end.clean) return end.status;
    // A thread is still in Python: nothing that it may touch can be taken away from it, so the process just
    // ends.
    logs.close();
    std::fflush(nullptr);
    _exit(end.status);
}

}  // namespace

int serve(const config::Config& config, const std::vector<std::string>& warnings) {
    Signals signals;
    log::Logs logs(config);
    for (const std::string& warning : warnings) logs.events().warn(warning);
    interp::Runtime runtime(interp_options(config.python), logs.events());
    return with_bounded_end([&] { return serve_applications(config, logs, runtime, signals); });
}

int check(const config::Config& config) {
    log::Logs logs(config);
    interp::Runtime runtime(interp_options(config.python), logs.events());
    return with_bounded_end([&]() -> int {
        const auto loaded = load_all(runtime, config.python);
        if (const auto* error = std::get_if<std::string>(&loaded)) return complain(kNoApplication, *error);
        std::cout << describe(std::get<std::vector<Loaded>>(loaded)) << std::flush;
        return kEnded;
    });
}

}  // namespace baton::app
