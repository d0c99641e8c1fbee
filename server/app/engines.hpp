// What runs the applications: interpreter threads for those of WSGI, an event loop for those of ASGI, and the
// queues in front of them. What no application needs is not made.
//
// Threads: made, started, closed and joined by main; what metrics ask for from any, without the GIL.
// Lifetime: Queues outlive the I/O threads; Engines are made after these and end before them, and before the
// Runtime. Engines that are stuck in Python cannot be ended: the process must end with _exit() then.
// Cannot: serve before await_start() says so.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interp/asgi/event_loop.hpp"
#include "interp/interpreter.hpp"
#include "server/app/loading.hpp"
#include "server/config/config.hpp"
#include "server/dispatch/loop_queue.hpp"
#include "server/dispatch/mounts.hpp"
#include "server/dispatch/thread_keeper.hpp"
#include "server/dispatch/work_queue.hpp"
#include "server/metrics/sources.hpp"
#include "server/metrics/thread_clocks.hpp"

namespace baton::app {

class Queues {
  public:
    Queues(const std::vector<Loaded>& applications, std::size_t limit);

    dispatch::WorkQueue* work() { return work_.get(); }  // null without a WSGI application
    dispatch::LoopQueue* loop() { return loop_.get(); }  // null without an ASGI application
    const dispatch::Mounts& mounts() const { return *mounts_; }
    std::size_t length() const;

  private:
    std::unique_ptr<dispatch::WorkQueue> work_;
    std::unique_ptr<dispatch::LoopQueue> loop_;
    std::optional<dispatch::Mounts> mounts_;
};

class Engines {
  public:
    // Throws interp::StartError when there is no event loop as asked for.
    Engines(const config::Config& config, interp::Runtime& runtime, Queues& queues,
            std::vector<Loaded> applications, metrics::ThreadClocks& clocks, spdlog::logger& log);

    void start();
    // Until the applications have started or `enough` says true, which is asked every now and then. False:
    // the start-up failed, failure() says why.
    bool await_start(const std::function<bool()>& enough);
    std::string failure() const { return loop_->failure(); }
    // Does an application on an event loop still work, after its responses?
    bool loop_busy() const { return loop_ && loop_->busy(); }
    // The end of the event loop, its applications' shut-down first.
    void close_loop();
    bool loop_over() const { return !loop_ || loop_->over(); }
    // No request will come any more.
    void close();
    // False when one of them is still in an application by then; the log says which.
    bool join_until(std::chrono::steady_clock::time_point deadline);

    metrics::ThreadStates threads() const;
    std::vector<metrics::LoopSample> loops() const;
    std::string mode() const;
    std::string interface() const;

  private:
    // Interpreter threads and who keeps their number right.
    struct Threads {
        Threads(const config::Config& config, interp::Runtime& runtime, dispatch::WorkQueue& queue,
                std::unique_ptr<interp::Application> served, metrics::ThreadClocks& clocks);

        std::unique_ptr<interp::Application> application;
        interp::WorkerPool pool;
        dispatch::ThreadKeeper keeper;
    };

    spdlog::logger& log_;
    std::unique_ptr<Threads> threads_;
    std::unique_ptr<interp::asgi::EventLoop> loop_;
};

}  // namespace baton::app
