#include "server/app/engines.hpp"

#include <utility>

#include "interp/applications.hpp"
#include "server/app/samples.hpp"

namespace baton::app {

namespace {

using interp::asgi::EventLoop;

interp::asgi::LoopKind loop_kind(config::EventLoop loop) {
    switch (loop) {
        case config::EventLoop::asyncio:
            return interp::asgi::LoopKind::asyncio;
        case config::EventLoop::uvloop:
            return interp::asgi::LoopKind::uvloop;
        case config::EventLoop::automatic:
            break;
    }
    return interp::asgi::LoopKind::automatic;
}

interp::asgi::Lifespan lifespan(config::Lifespan lifespan) {
    switch (lifespan) {
        case config::Lifespan::on:
            return interp::asgi::Lifespan::on;
        case config::Lifespan::off:
            return interp::asgi::Lifespan::off;
        case config::Lifespan::automatic:
            break;
    }
    return interp::asgi::Lifespan::automatic;
}

// All of the WSGI applications as one; a single one is served without a detour.
std::unique_ptr<interp::Application> take_wsgi(const config::Config& config, interp::Runtime& runtime,
                                               std::vector<Loaded>& applications, spdlog::logger& log) {
    std::vector<std::unique_ptr<interp::Application>> by_number(applications.size());
    std::unique_ptr<interp::Application>* only = nullptr;
    bool several = false;
    for (std::size_t i = 0; i < applications.size(); ++i) {
        if (!applications[i].wsgi()) continue;
        by_number[i] = interp::wsgi::make_wsgi(
            runtime, std::move(applications[i].application),
            {.multithread = config.python.threads.max > 1, .prefix = applications[i].prefix}, log);
        several = only != nullptr;
        only = &by_number[i];
    }
    if (!several) return std::move(*only);
    return std::make_unique<interp::Applications>(std::move(by_number));
}

std::vector<interp::asgi::Mounted> take_asgi(std::vector<Loaded>& applications) {
    std::vector<interp::asgi::Mounted> mounted;
    for (std::size_t i = 0; i < applications.size(); ++i) {
        if (!applications[i].wsgi())
            mounted.push_back({i, applications[i].prefix, std::move(applications[i].application)});
    }
    return mounted;
}

dispatch::ThreadKeeperSources keeper_sources(interp::WorkerPool& pool, metrics::ThreadClocks& clocks) {
    return {.size = [&pool] { return pool.size(); },
            .grow = [&pool](std::size_t threads) { return pool.grow(threads); },
            .retire = [&pool](std::size_t threads) { return pool.retire(threads); },
            .gil = main_gil,
            .python_cpu =
                [&clocks] {
                    const auto spent = clocks.by_role();
                    return spent[static_cast<std::size_t>(metrics::Role::interpreter)] +
                           spent[static_cast<std::size_t>(metrics::Role::application)];
                },
            .began = [&clocks] { clocks.enter(metrics::Role::admin); },
            .ending = [&clocks] { clocks.leave(); }};
}

}  // namespace

Queues::Queues(const std::vector<Loaded>& applications, std::size_t limit) {
    std::vector<dispatch::Mount> mounts;
    for (const Loaded& one : applications) {
        if (one.wsgi() && !work_) work_ = std::make_unique<dispatch::WorkQueue>(limit);
        if (!one.wsgi() && !loop_) loop_ = std::make_unique<dispatch::LoopQueue>(limit);
        dispatch::Dispatcher* const dispatcher =
            one.wsgi() ? static_cast<dispatch::Dispatcher*>(work_.get()) : loop_.get();
        mounts.push_back({one.prefix, mounts.size(), dispatcher, !one.wsgi()});
    }
    mounts_.emplace(std::move(mounts));
}

std::size_t Queues::length() const {
    std::size_t length = 0;
    for (const dispatch::Dispatcher* dispatcher : mounts_->dispatchers()) length += dispatcher->length();
    return length;
}

Engines::Threads::Threads(const config::Config& config, interp::Runtime& runtime, dispatch::WorkQueue& queue,
                          std::unique_ptr<interp::Application> served, metrics::ThreadClocks& clocks)
    : application(std::move(served)),
      pool(runtime, queue, *application,
           {.began = [&clocks] { clocks.enter(metrics::Role::interpreter); },
            .ending = [&clocks] { clocks.leave(); }}),
      keeper({config.python.threads.min, config.python.threads.max, config.cpus}, queue,
             keeper_sources(pool, clocks)) {}

Engines::Engines(const config::Config& config, interp::Runtime& runtime, Queues& queues,
                 std::vector<Loaded> applications, metrics::ThreadClocks& clocks, spdlog::logger& log)
    : log_(log) {
    if (queues.work() != nullptr)
        threads_ = std::make_unique<Threads>(config, runtime, *queues.work(),
                                             take_wsgi(config, runtime, applications, log), clocks);
    if (queues.loop() == nullptr) return;
    const interp::asgi::EventLoopOptions options{
        loop_kind(config.python.event_loop), lifespan(config.python.lifespan), config.python.slow_callbacks};
    const EventLoop::Hooks hooks{.began = [&clocks] { clocks.enter(metrics::Role::interpreter); },
                                 .ending = [&clocks] { clocks.leave(); }};
    loop_ =
        std::make_unique<EventLoop>(runtime, *queues.loop(), take_asgi(applications), options, hooks, log);
}

void Engines::start() {
    if (threads_) threads_->keeper.start();
    if (loop_) loop_->start();
}

bool Engines::await_start(const std::function<bool()>& enough) {
    constexpr std::chrono::milliseconds kSlice{50};
    while (loop_ && !enough()) {
        const EventLoop::State state = loop_->await_start(kSlice);
        if (state == EventLoop::State::failed) return false;
        if (state == EventLoop::State::running) break;
    }
    return true;
}

void Engines::close_loop() {
    if (loop_) loop_->close();
}

void Engines::close() {
    if (threads_) {
        threads_->keeper.stop();
        threads_->pool.close();
    }
    close_loop();
}

bool Engines::join_until(std::chrono::steady_clock::time_point deadline) {
    const std::size_t stuck = threads_ ? threads_->pool.join_until(deadline) : 0;
    if (stuck > 0) log_.warn("ending with {} interpreter threads still in the application", stuck);
    const bool ended = !loop_ || loop_->join_until(deadline);
    if (!ended) log_.warn("ending with the event loop still in the application");
    return stuck == 0 && ended;
}

metrics::ThreadStates Engines::threads() const {
    return threads_ ? thread_states(threads_->pool, threads_->keeper) : metrics::ThreadStates{};
}

std::vector<metrics::LoopSample> Engines::loops() const {
    if (!loop_) return {};
    return {loop_sample(*loop_)};
}

std::string Engines::mode() const {
    return threads_ && loop_ ? "mixed" : threads_ ? "threads" : "event-loop";
}

std::string Engines::interface() const {
    return threads_ && loop_ ? "mixed" : threads_ ? "wsgi" : "asgi";
}

}  // namespace baton::app
