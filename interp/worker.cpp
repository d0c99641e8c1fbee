#include "interp/worker.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "interp/attach.hpp"
#include "interp/books.hpp"
#include "interp/cpu_clock.hpp"
#include "interp/current_request.hpp"
#include "interp/errors.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/scheduler.hpp"
#include "server/dispatch/inbox.hpp"
#include "server/dispatch/metronome.hpp"
#include "server/dispatch/time_slice.hpp"

namespace baton::interp {

namespace {

// Responses in a row that may wait for the last of them to wake their I/O thread.
constexpr unsigned kUnhurried = 16;
// For idle threads to end, when a start has failed half-way.
constexpr std::chrono::seconds kEnding{3};

// Names this thread for Python as well, where it would be "Dummy-1" in the application's own logs.
void name_in_python(const std::string& name) {
    const Owned threading = steal(PyImport_ImportModule("threading"));
    const Owned thread =
        threading ? steal(PyObject_CallMethod(threading.get(), "current_thread", nullptr)) : Owned();
    const Owned text = thread ? steal(PyUnicode_FromString(name.c_str())) : Owned();
    if (text) PyObject_SetAttrString(thread.get(), "name", text.get());
    PyErr_Clear();
}

// threading remembers threads that it has not started for ever (until 3.12), and would show them as alive.
void forget_in_python() {
    const Owned threading = steal(PyImport_ImportModule("threading"));
    const Owned active = threading ? steal(PyObject_GetAttrString(threading.get(), "_active")) : Owned();
    const Owned ident =
        threading ? steal(PyObject_CallMethod(threading.get(), "get_ident", nullptr)) : Owned();
    if (active && ident && PyDict_Check(active.get())) PyDict_DelItem(active.get(), ident.get());
    PyErr_Clear();
}

using dispatch::Nanoseconds;

// What the kernel is told of a thread while its requests are expected to compute: that others may interrupt
// it.
class Computing {
  public:
    explicit Computing(dispatch::Metronome& metronome) : metronome_(metronome) {}
    void expect(const dispatch::Tempo& tempo, std::uint32_t route) noexcept {
        // Under CPython's own policy threads are left to the kernel as well.
        if (!tempo.computes(route, kComputing) || gil::policy() != gil::Policy::latency) return over();
        if (now_) return;
        now_ = true;
        dispatch::ask_for_long_slices();
        metronome_.begin();
    }
    void over() noexcept {
        if (!now_) return;
        now_ = false;
        metronome_.end();
        dispatch::ask_for_short_slices();
    }

  private:
    static constexpr Nanoseconds kComputing = 1'000'000;
    dispatch::Metronome& metronome_;
    bool now_ = false;
};

}  // namespace

// What outlives the pool when a thread is stuck.
struct WorkerPool::Shared {
    Shared(Runtime& python, dispatch::WorkQueue& work_queue, Application& served)
        : runtime(python), queue(work_queue), application(served) {}

    Runtime& runtime;
    dispatch::WorkQueue& queue;
    Application& application;
    dispatch::Metronome metronome;
    std::atomic<std::size_t> busy{0};  // threads that have a request, or are on their way to one
    mutable std::mutex mutex;
    std::condition_variable ended;
    std::size_t living = 0;
    std::size_t retiring = 0;          // of the living, those that are to end
    std::vector<std::size_t> retired;  // numbers of those that have ended and not been joined
    std::vector<std::pair<std::size_t, clockid_t>> clocks;  // of living threads, by number
    std::map<std::size_t, int> ids;                         // the same, in the kernel

    void run(std::size_t number);
    void enter(std::size_t number);
    std::set<int> thread_ids() const;
    void leave(std::size_t number);
    void work(PyThreadState* state);
    // A request that is over but for saying so, which needs no GIL.
    struct Finished {
        dispatch::ExchangePtr exchange;
        dispatch::Books books;
        Nanoseconds at = 0;
    };
    Finished batch(const Moment& woken, CpuClock& cpu, Computing& computing);
    std::function<void()> began;
    std::function<void()> ending;
};

void WorkerPool::Shared::run(std::size_t number) {
    const std::string name = fmt::format("baton-py-{}", number);
    pthread_setname_np(pthread_self(), name.c_str());
    enter(number);
    dispatch::ask_for_short_slices();
    if (began) began();
    {
        const ThreadState state(runtime.interpreter());
        {
            const Attach attached(state.get());
            name_in_python(name);
        }
        work(state.get());
        const Attach attached(state.get());
        forget_in_python();
    }
    if (ending) ending();
    leave(number);
}

void WorkerPool::Shared::enter(std::size_t number) {
    clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
    const bool has_clock = pthread_getcpuclockid(pthread_self(), &clock) == 0;
    const std::lock_guard lock(mutex);
    if (has_clock) clocks.emplace_back(number, clock);
    ids[number] = gettid();
}

void WorkerPool::Shared::leave(std::size_t number) {
    const std::lock_guard lock(mutex);
    ids.erase(number);
    std::erase_if(clocks, [&](const auto& entry) { return entry.first == number; });
    --living;
    if (retiring > 0) --retiring;
    retired.push_back(number);
    ended.notify_all();
}

void WorkerPool::Shared::work(PyThreadState* state) {
    CpuClock cpu;
    Computing computing(metronome);
    while (queue.park()) {
        // Woken, but another thread was quicker: no reason to stand in line for the GIL.
        if (queue.length() == 0) continue;
        busy.fetch_add(1, std::memory_order_relaxed);
        Finished last;
        {
            gil::await_request();
            const Moment woken = Moment::now();
            const Attach attached(state);
            cpu.rested();
            last = batch(woken, cpu, computing);
        }
        if (last.exchange) dispatch::Exchange::hand_back(std::move(last.exchange), last.books, last.at);
        computing.over();
        busy.fetch_sub(1, std::memory_order_relaxed);
    }
}

// Keeps the GIL from request to request while there is work. The last one is left to be told when the GIL is
// free again: waking an I/O thread is a system call.
WorkerPool::Shared::Finished WorkerPool::Shared::batch(const Moment& woken, CpuClock& cpu,
                                                       Computing& computing) {
    gil::on_release([](void* work) { static_cast<dispatch::WorkQueue*>(work)->released(); }, &queue);
    Moment before = Moment::now();
    unsigned in_a_row = 0;
    Finished last;
    Nanoseconds stood_in_line = before.totals.waited - woken.totals.waited;
    dispatch::ExchangePtr exchange = queue.try_pop(before.at);
    while (exchange) {
        // The first request was this thread's from the moment that it stood in line for the GIL on its
        // behalf. One that came after the last look at the clock was not, and what was held until then was
        // not held for it.
        const Nanoseconds there = before.at - exchange->timeline.queued;
        const Nanoseconds waited = std::clamp<Nanoseconds>(there, 0, stood_in_line);
        const Nanoseconds too_early = std::max<Nanoseconds>(0, -there);
        stood_in_line = 0;
        if (!exchange->claim(before.at - waited + too_early)) {
            exchange = queue.try_pop(before.at);
            continue;
        }
        const std::uint32_t route = exchange->route;
        const Nanoseconds expected = queue.tempo().held(route);
        gil::begin_request(static_cast<gil::Tag>(route), before.at, expected);
        computing.expect(queue.tempo(), route);
        exchange->opening_books = as_books(before.totals);
        exchange->opening_books.gil_wait -= waited;
        exchange->opening_books.gil_hold += too_early;
        current_request.begins(*exchange, before.at);
        application.serve(*exchange);
        // One reading ends this request and begins the next, so no time is lost between two of them.
        const Moment after = Moment::now();
        current_request.ends(after.at);
        dispatch::Books books = as_books(after.totals) - exchange->opening_books;
        books.cpu = cpu.spent(after.at - before.at, after.totals.takes != before.totals.takes);
        const Nanoseconds wall = after.at - before.at;
        const Nanoseconds held = after.totals.held - before.totals.held;
        queue.tempo().note(route, wall, held, wall - held - (after.totals.waited - before.totals.waited));
        // With another short one at hand the I/O thread is better woken once for several responses.
        dispatch::ExchangePtr next = queue.try_pop(after.at);
        const bool unhurried =
            next && &next->home() == &exchange->home() && queue.soon_over(*next) && ++in_a_row < kUnhurried;
        if (!unhurried) in_a_row = 0;
        before = after;
        if (!next) {
            last = {std::move(exchange), books, after.at};
            break;
        }
        dispatch::Exchange::hand_back(std::move(exchange), books, after.at, unhurried);
        exchange = std::move(next);
    }
    gil::end_request(before.at);
    gil::on_release(nullptr, nullptr);
    return last;
}

WorkerPool::WorkerPool(Runtime& runtime, dispatch::WorkQueue& queue, Application& application, Hooks hooks)
    : shared_(std::make_shared<Shared>(runtime, queue, application)) {
    shared_->began = std::move(hooks.began);
    shared_->ending = std::move(hooks.ending);
    shared_->metronome.start();
}

WorkerPool::~WorkerPool() {
    close();
    // They use what is destroyed next, and Python, whose end would end them in the middle of C++.
    const bool all_ended = join_until(std::chrono::steady_clock::now() + kEnding) == 0;
    for (auto& [number, thread] : threads_) {
        if (!all_ended) thread.detach();
    }
}

std::size_t WorkerPool::grow(std::size_t threads) {
    join_ended();
    std::size_t started = 0;
    while (started < threads && start_one()) ++started;
    return started;
}

std::size_t WorkerPool::retire(std::size_t threads) {
    join_ended();
    std::size_t chosen = 0;
    for (; chosen < threads; ++chosen) {
        // With the mutex: the thread must not leave before it is counted.
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->queue.retire_one()) break;
        ++shared_->retiring;
    }
    return chosen;
}

bool WorkerPool::start_one() {
    const std::size_t number = free_number();
    const std::lock_guard lock(shared_->mutex);
    try {
        threads_.try_emplace(number, [shared = shared_, number] { shared->run(number); });
    } catch (const std::system_error&) {
        return false;
    }
    ++shared_->living;
    return true;
}

// The lowest, so that names stay few.
std::size_t WorkerPool::free_number() const {
    std::size_t number = 1;
    for (const auto& [taken, thread] : threads_) {
        if (taken != number) break;
        ++number;
    }
    return number;
}

// Of those that have said so as their last act, so this waits for nothing.
void WorkerPool::join_ended() {
    std::vector<std::size_t> ended;
    {
        const std::lock_guard lock(shared_->mutex);
        ended.swap(shared_->retired);
    }
    for (const std::size_t number : ended) {
        threads_.at(number).join();
        threads_.erase(number);
    }
}

void WorkerPool::close() {
    shared_->queue.close();
}

std::size_t WorkerPool::join_until(std::chrono::steady_clock::time_point deadline) {
    {
        std::unique_lock lock(shared_->mutex);
        if (!shared_->ended.wait_until(lock, deadline, [&] { return shared_->living == 0; }))
            return shared_->living;
    }
    join_ended();
    return 0;
}

std::size_t WorkerPool::size() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->living - shared_->retiring;
}

std::vector<clockid_t> WorkerPool::cpu_clocks() const {
    const std::lock_guard lock(shared_->mutex);
    std::vector<clockid_t> clocks;
    for (const auto& [number, clock] : shared_->clocks) clocks.push_back(clock);
    return clocks;
}

// Of those that live. The ledger knows other threads with requests, an event loop's above all.
std::set<int> WorkerPool::Shared::thread_ids() const {
    const std::lock_guard lock(mutex);
    std::set<int> all;
    for (const auto& [number, id] : ids) all.insert(id);
    return all;
}

WorkerStates WorkerPool::states() const {
    const std::size_t all = size();
    WorkerStates states;
    if (!gil::exact()) {
        states.running = std::min(all, shared_->busy.load(std::memory_order_relaxed));
        states.idle = all - states.running;
        return states;
    }
    const std::set<int> ours = shared_->thread_ids();
    std::size_t busy = 0;
    for (const gil::ThreadBook& book : gil::threads()) {
        const bool has_request = gil::is_program_tag(book.tag) || book.tag == gil::kNotKnownYet;
        // Interpreter threads use the main GIL.
        if (!has_request || book.gil != 0 || busy == all || !ours.contains(book.thread_id)) continue;
        ++busy;
        if (book.doing == gil::Doing::holding) {
            ++states.running;
        } else if (book.doing == gil::Doing::waiting) {
            ++states.waiting;
        } else {
            ++states.off_gil;
        }
    }
    states.idle = all - busy;
    return states;
}

}  // namespace baton::interp
