// What the parts of one event loop share: its Python objects, its queue, its books, and what runs now.
//
// Threads: the loop's own thread, attached, but for `clock`, `log` and `closing`. Lifetime: the thread's:
// made after the loop object, destroyed before it is closed. Cannot: serve two loops.
#pragma once

#include <spdlog/logger.h>

#include <array>
#include <atomic>
#include <vector>

#include "interp/asgi/long_steps.hpp"
#include "interp/asgi/step.hpp"
#include "interp/asgi/strings.hpp"
#include "interp/module.hpp"
#include "server/dispatch/loop_queue.hpp"
#include "server/dispatch/tempo.hpp"

namespace baton::interp::asgi {

class Request;
class SlowCallbacks;

struct Loop {
    Loop(Owned event_loop, bool fast_handles, dispatch::LoopQueue& mail, spdlog::logger& to);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    // Of the calling thread; null on all but loops' threads.
    static thread_local Loop* current;
    // Of this asyncio loop, for threads that are not its own; null when it is not one of ours, or over.
    static Loop* of(PyObject* object);

    dispatch::LoopQueue& queue;
    spdlog::logger& log;
    LoopClock clock;
    LongSteps long_steps;
    CpuClock cpu;
    dispatch::Tempo tempo;

    Module module;
    Strings strings;
    Owned object;         // the asyncio loop
    Owned task_type;      // asyncio.Task
    Owned create_future;  // bound methods of the loop
    Owned append_ready;   // of asyncio's own queue; null for other loops
    Owned request_var;    // the ContextVar whose value is the Request
    Owned handle_type, request_type, course_type, operation_type, ready_type;
    Owned sent;  // what send() returns when nothing has to wait: an awaitable of None

    SlowCallbacks* slow = nullptr;  // null: none are reported

    Step* step = nullptr;         // the innermost
    Request* request = nullptr;   // whose callback runs
    PyObject* context = nullptr;  // borrowed: the context that it runs in, when that is known
    // While a task is being made, its context; its first step comes here instead of the queue.
    PyObject* capturing = nullptr;
    Owned captured;
    bool task_factory = false;  // the application has set one
    // Routes whose last request has worked on for long after the end of its response.
    std::array<bool, 256> works_on{};
    // In this batch of mail more will follow: responses may wait for the last of them.
    bool more_mail = false;
    unsigned in_a_row = 0;
};

// The request of a context: null when it has none. `context` null: the current one.
Owned request_of(Loop& loop, PyObject* context);

}  // namespace baton::interp::asgi
