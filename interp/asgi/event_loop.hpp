// A thread that runs an event loop and serves ASGI applications on it.
//
// Threads: made, started, closed and joined by main; books(), busy(), over() and name() from any thread once
// it is started. Lifetime: after the Runtime and the LoopQueue, ends before them. A loop that is stuck in
// Python cannot be ended; join_until() tells, and the process must end with _exit(). Cannot: interrupt
// Python, or serve WSGI.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "interp/app_loader.hpp"
#include "interp/asgi/long_steps.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/runtime.hpp"
#include "server/dispatch/loop_queue.hpp"

namespace baton::interp::asgi {

enum class LoopKind { automatic, asyncio, uvloop };
enum class Lifespan { automatic, on, off };

struct EventLoopOptions {
    LoopKind loop = LoopKind::automatic;  // automatic: uvloop when it is installed
    Lifespan lifespan = Lifespan::automatic;
    std::chrono::nanoseconds slow_callback{0};  // callbacks that take as long are logged; zero: none
};

// One of the applications that a loop serves.
struct Mounted {
    std::size_t number = 0;  // Mount::application
    std::string prefix;      // Mount::prefix
    LoadedApplication application;
};

struct LoopBooks {
    gil::Histogram lag;       // lateness of callbacks
    std::int64_t active = 0;  // nanoseconds
    std::int64_t idle = 0;    // waiting for events
    std::vector<LongStep> long_steps;
};

class EventLoop {
  public:
    // Called on its thread, detached: before it does anything, and at its end.
    struct Hooks {
        std::function<void()> began;
        std::function<void()> ending;
    };

    // Throws StartError when uvloop is asked for and not installed.
    EventLoop(Runtime& runtime, dispatch::LoopQueue& queue, std::vector<Mounted> applications,
              const EventLoopOptions& options, Hooks hooks, spdlog::logger& log);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    // Ends the loop if that has not been done; waits for nobody.
    ~EventLoop();

    // "asyncio" or "uvloop".
    const std::string& name() const;

    void start();
    // The start-up of the applications (lifespan): waits for so long.
    enum class State { starting, running, failed };
    State await_start(std::chrono::milliseconds patience);
    // Why it failed, when it has: for the user, may have several lines.
    std::string failure() const;

    // Does an application still work for a request, perhaps after its response?
    bool busy() const;
    // No request will come any more: the applications' shut-down, then the end.
    void close();
    bool over() const;
    // False when the loop is still in the application by then.
    bool join_until(std::chrono::steady_clock::time_point deadline);

    LoopBooks books() const;

  private:
    struct Shared;

    std::shared_ptr<Shared> shared_;
};

}  // namespace baton::interp::asgi
