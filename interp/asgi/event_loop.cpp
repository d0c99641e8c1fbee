#include "interp/asgi/event_loop.hpp"

#include <pthread.h>
#include <spdlog/fmt/fmt.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "interp/asgi/loop_type.hpp"
#include "interp/asgi/mail.hpp"
#include "interp/asgi/slow_callbacks.hpp"
#include "interp/attach.hpp"
#include "interp/errors.hpp"
#include "interp/gil/scheduler.hpp"
#include "server/dispatch/time_slice.hpp"

namespace baton::interp::asgi {

namespace {

// Which loop there will be. Attached.
std::string choose(LoopKind kind) {
    if (kind == LoopKind::asyncio) return "asyncio";
    const Owned uvloop = steal(PyImport_ImportModule("uvloop"));
    if (uvloop) return "uvloop";
    const std::string why = take_traceback();
    if (kind == LoopKind::automatic) return "asyncio";
    throw StartError("--loop uvloop: uvloop cannot be imported\n" + why);
}

Owned make_loop(const std::string& name, bool fast) {
    const bool own = name == "uvloop";
    const Owned module = expect(PyImport_ImportModule(own ? "uvloop" : "asyncio"));
    const Owned base = expect(PyObject_GetAttrString(module.get(), own ? "Loop" : "SelectorEventLoop"));
    return make_loop_object(base, fast);
}

// Runs the loop from a Python frame: uvloop's debug mode looks for one beneath every callback.
Owned make_runner() {
    const Owned names = expect(PyDict_New());
    expect(PyDict_SetItemString(names.get(), "__builtins__", PyEval_GetBuiltins()));
    const Owned code = expect(Py_CompileString("lambda loop: loop.run_forever()", "<baton>", Py_eval_input));
    return expect(PyEval_EvalCode(code.get(), names.get(), names.get()));
}

bool debugging() {
    const Owned coroutines = expect(PyImport_ImportModule("asyncio.coroutines"));
    const Owned answer = steal(PyObject_CallMethod(coroutines.get(), "_is_debug_mode", nullptr));
    PyErr_Clear();
    return answer && PyObject_IsTrue(answer.get()) == 1;
}

LoopBooks books_of(const Loop& loop) {
    return {loop.clock.lag(), loop.clock.active(), loop.clock.idle(), loop.long_steps.all()};
}

}  // namespace

struct EventLoop::Shared {
    Shared(Runtime& python, dispatch::LoopQueue& mail, const EventLoopOptions& wishes, spdlog::logger& to)
        : runtime(python), queue(mail), options(wishes), log(to) {}

    Runtime& runtime;
    dispatch::LoopQueue& queue;
    const EventLoopOptions options;
    spdlog::logger& log;
    std::string name;
    Hooks hooks;
    std::vector<Mounted> mounted;
    std::thread thread;

    mutable std::mutex mutex;
    std::condition_variable changed;
    State state = State::starting;
    std::string failure;
    bool over = false;
    Loop* living = nullptr;  // while there is one
    LoopBooks last_books;
    std::atomic<bool> closing{false};

    // The loop's thread.
    std::vector<std::unique_ptr<Served>> served;
    std::optional<SlowCallbacks> slow;
    bool started = false;
    bool stopping = false;
    bool ending = false;  // the loop's own end, not one that an application asks for

    void run();
    void live();
    void watch_callbacks(Loop& loop);
    void serve(Loop& loop);
    void forget(Loop& loop);
    void run_until_stopped(Loop& loop);
    void lifespan_changed(Loop& loop);
    void stop_if_asked(Loop& loop);
    void clean_up(Loop& loop);
    void say(State now, std::string why = {});
};

void EventLoop::Shared::say(State now, std::string why) {
    const std::lock_guard lock(mutex);
    state = now;
    failure = std::move(why);
    changed.notify_all();
}

void EventLoop::Shared::run() {
    pthread_setname_np(pthread_self(), "baton-loop");
    dispatch::ask_for_short_slices();
    if (hooks.began) hooks.began();
    gil::rank_first(true);
    {
        const ThreadState thread_state(runtime.interpreter());
        const Attach attached(thread_state.get());
        live();
    }
    if (hooks.ending) hooks.ending();
    const std::lock_guard lock(mutex);
    over = true;
    changed.notify_all();
}

// Attached.
void EventLoop::Shared::live() {
    try {
        const bool fast = name == "asyncio" && !debugging();
        const Owned object = make_loop(name, fast);
        const Owned asyncio = expect(PyImport_ImportModule("asyncio"));
        expect(PyObject_CallMethod(asyncio.get(), "set_event_loop", "O", object.get()));
        Loop loop(borrow(object), fast, queue, log);
        {
            const std::lock_guard lock(mutex);
            living = &loop;
        }
        watch_callbacks(loop);
        try {
            serve(loop);
        } catch (const PythonError&) {
            forget(loop);
            served.clear();
            throw;
        }
        forget(loop);
    } catch (const PythonError& error) {
        say(State::failed, fmt::format("the event loop ({}) failed\n{}", name, error.what()));
    }
}

void EventLoop::Shared::watch_callbacks(Loop& loop) {
    if (options.slow_callback.count() <= 0) return;
    PyThreadState* const mine = PyThreadState_Get();
    const Detach detached;
    slow.emplace(runtime, options.slow_callback.count(), loop.clock, mine);
    loop.slow = &*slow;
}

// Others look at the loop's clock no longer.
void EventLoop::Shared::forget(Loop& loop) {
    loop.slow = nullptr;
    // Its thread may be in line for the GIL.
    const Detach detached;
    slow.reset();
    const std::lock_guard lock(mutex);
    last_books = books_of(loop);
    living = nullptr;
}

void EventLoop::Shared::serve(Loop& loop) {
    for (Mounted& each : mounted)
        served.push_back(std::make_unique<Served>(loop, each.number, each.prefix,
                                                  steal(each.application.release()), options.lifespan,
                                                  [this, &loop] { lifespan_changed(loop); }));
    Mail mail(loop, served, [this, &loop] { stop_if_asked(loop); });
    mail.watch();
    // Not before the loop runs: the applications look for the running one.
    queue.wake();
    run_until_stopped(loop);
    mail.unwatch();
    clean_up(loop);
    served.clear();
}

// At each look at the mail, the first of which is our own wake-up.
void EventLoop::Shared::stop_if_asked(Loop& loop) {
    if (!std::exchange(started, true)) {
        for (const auto& each : served) each->lifespan.start();
    }
    if (!closing || stopping) return;
    stopping = true;
    for (const auto& each : served) each->lifespan.stop();
    lifespan_changed(loop);
}

void EventLoop::Shared::lifespan_changed(Loop& loop) {
    using Phase = LifespanRun::State;
    std::size_t settled = 0;
    for (const auto& each : served) {
        const Phase phase = each->lifespan.state();
        if (phase == Phase::failed && !stopping) {
            say(State::failed, each->lifespan.failure());
            stopping = true;
            for (const auto& other : served) {
                if (other != each) other->lifespan.stop();
            }
        }
        if (phase == Phase::started && !stopping)
            each->scopes.set_state(borrow(each->lifespan.shared_state()));
        // Started ones will be asked to stop in a moment.
        const bool waits = stopping ? phase == Phase::stopping || phase == Phase::started
                                    : phase == Phase::idle || phase == Phase::starting;
        settled += waits ? 0 : 1;
    }
    if (settled < served.size()) return;
    if (!stopping) {
        say(State::running);
        return;
    }
    ending = true;
    const Owned stopped = steal(PyObject_CallMethod(loop.object.get(), "stop", nullptr));
    if (!stopped) PyErr_Clear();
}

// SystemExit in a task ends asyncio's run_forever(), and so does loop.stop(); the server goes on.
void EventLoop::Shared::run_until_stopped(Loop& loop) {
    const Owned runner = make_runner();
    while (true) {
        const Owned ended = steal(PyObject_CallOneArg(runner.get(), loop.object.get()));
        if (ending) {
            PyErr_Clear();
            return;
        }
        if (ended) {
            const Detach detached;
            log.error("the application stopped the event loop; the server goes on");
            continue;
        }
        const bool exits = PyErr_ExceptionMatches(PyExc_SystemExit) != 0 ||
                           PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0;
        const std::string traceback = take_traceback();
        const Owned closed = steal(PyObject_CallMethod(loop.object.get(), "is_closed", nullptr));
        PyErr_Clear();
        const bool closed_now = closed && closed.get() == Py_True;
        const Detach detached;
        if (closed_now) {
            log.critical("the application closed the event loop: nothing can be served on it any more");
            return;
        }
        log.error("{}\n{}",
                  exits ? "a task of the application wanted to end the process; the server goes on"
                        : "the event loop ended with an exception; the server goes on",
                  traceback);
    }
}

// As asyncio.run() ends: tasks that are left are cancelled, generators closed, threads joined.
void EventLoop::Shared::clean_up(Loop& loop) {
    const Owned runners = steal(PyImport_ImportModule("asyncio.runners"));
    const Owned cancelled =
        runners ? steal(PyObject_CallMethod(runners.get(), "_cancel_all_tasks", "O", loop.object.get()))
                : Owned();
    PyErr_Clear();
    for (const char* step : {"shutdown_asyncgens", "shutdown_default_executor"}) {
        const Owned coroutine = steal(PyObject_CallMethod(loop.object.get(), step, nullptr));
        const Owned done =
            coroutine
                ? steal(PyObject_CallMethod(loop.object.get(), "run_until_complete", "O", coroutine.get()))
                : Owned();
        PyErr_Clear();
    }
    const Owned closed = steal(PyObject_CallMethod(loop.object.get(), "close", nullptr));
    PyErr_Clear();
}

EventLoop::EventLoop(Runtime& runtime, dispatch::LoopQueue& queue, std::vector<Mounted> applications,
                     const EventLoopOptions& options, Hooks hooks, spdlog::logger& log)
    : shared_(std::make_shared<Shared>(runtime, queue, options, log)) {
    shared_->hooks = std::move(hooks);
    shared_->mounted = std::move(applications);
    const Attach attached(runtime.main_thread());
    shared_->name = choose(options.loop);
    runtime.imported();
}

EventLoop::~EventLoop() {
    close();
    if (!shared_->thread.joinable()) return;
    if (join_until(std::chrono::steady_clock::now())) return;
    shared_->thread.detach();
}

const std::string& EventLoop::name() const {
    return shared_->name;
}

void EventLoop::start() {
    shared_->thread = std::thread([shared = shared_] { shared->run(); });
}

EventLoop::State EventLoop::await_start(std::chrono::milliseconds patience) {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, patience, [&] { return shared_->state != State::starting; });
    return shared_->state;
}

std::string EventLoop::failure() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->failure;
}

bool EventLoop::busy() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->living != nullptr && shared_->living->clock.requests() > 0;
}

bool EventLoop::over() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->over;
}

void EventLoop::close() {
    shared_->closing = true;
    shared_->queue.wake();
}

bool EventLoop::join_until(std::chrono::steady_clock::time_point deadline) {
    if (!shared_->thread.joinable()) return true;
    {
        std::unique_lock lock(shared_->mutex);
        if (!shared_->changed.wait_until(lock, deadline, [&] { return shared_->over; })) return false;
    }
    shared_->thread.join();
    return true;
}

LoopBooks EventLoop::books() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->living != nullptr ? books_of(*shared_->living) : shared_->last_books;
}

}  // namespace baton::interp::asgi
