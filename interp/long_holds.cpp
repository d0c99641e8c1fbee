#include "interp/long_holds.hpp"

#include <pthread.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "interp/attach.hpp"
#include "interp/current_request.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/stack.hpp"

namespace baton::interp {

namespace {

using dispatch::Nanoseconds;

thread_local bool is_reporter = false;

struct Request {
    CurrentRequest::Mark mark;
    bool over = false;  // it had returned when the hold ended
};

struct LongHold {
    Nanoseconds length = 0;
    std::optional<Request> request;
    std::string thread;          // its name
    std::string stack;           // empty when no Python code was running, or
    bool elsewhere = false;      // its stack is another interpreter's
    bool stack_missing = false;  // the reporter did not get the GIL in time
    std::uint64_t left_out = 0;  // holds that were not reported since the last one that was
};

std::string describe(const LongHold& hold, const LongHolds::RouteName& route_name) {
    std::string text = fmt::format("the GIL was held for {:.1f} ms at a stretch by ",
                                   static_cast<double>(hold.length) / 1e6);
    if (hold.request) {
        const CurrentRequest::Mark& mark = hold.request->mark;
        text += fmt::format("{} (request {}, thread {})", route_name(mark.route, mark.path), mark.id,
                            hold.thread);
    } else {
        text += fmt::format("thread {}", hold.thread);
    }
    if (hold.left_out > 0) text += fmt::format("; {} more holds were not reported", hold.left_out);
    if (hold.stack_missing) return text + "; the stack is not known: the GIL was not free again in time";
    if (hold.request && hold.request->over) return text + "; it kept the GIL until it returned";
    if (hold.elsewhere) return text + "; in another interpreter, whose stacks are not read";
    if (hold.stack.empty()) return text + "; no Python code was running at the end";
    return text + "; at the end:\n" + hold.stack;
}

// A thread that waits for its stack to be read.
struct Job {
    enum class State : std::uint8_t { queued, taken, done, given_up };

    explicit Job(PyThreadState* of) : thread(of) {}

    // Who succeeds decides: the reporter that it reads the stack, the thread that it waits no longer.
    bool turn(State to) {
        State expected = State::queued;
        return state.compare_exchange_strong(expected, to, std::memory_order_acq_rel);
    }

    void read() noexcept {
        try {
            stack = stack_of(thread, LongHolds::kDepth);
        } catch (const std::exception&) {
            stack.clear();
        }
    }

    PyThreadState* const thread;
    std::atomic<State> state{State::queued};
    std::string stack;
};

std::string name_of_this_thread() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

// The part of the hold that was one request's; the last thread of many short requests is nobody's long hold.
// False: nothing to report.
bool attribute_to_request(LongHold& hold, Nanoseconds now, Nanoseconds limit) {
    if (!current_request.had_any()) return true;
    const Nanoseconds begun = now - hold.length;
    const auto part = [&](const CurrentRequest::Mark& mark) {
        return std::max<Nanoseconds>(0, mark.ended - std::max(mark.begun, begun));
    };
    const CurrentRequest::Mark& last = current_request.last_long();
    const CurrentRequest::Mark current =
        current_request.has_one() ? current_request.mark(now) : CurrentRequest::Mark{};
    const bool over = part(last) > part(current);
    const CurrentRequest::Mark& mark = over ? last : current;
    hold.length = part(mark);
    hold.request = Request{mark, over};
    return hold.length >= limit;
}

}  // namespace

struct LongHolds::Shared {
    Shared(Runtime& python, Nanoseconds least, RouteName names, spdlog::logger& to)
        : runtime(python), limit(least), route_name(std::move(names)), log(to) {}

    Runtime& runtime;
    const Nanoseconds limit;
    const RouteName route_name;
    spdlog::logger& log;

    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    std::size_t inside = 0;  // threads that report
    std::vector<std::shared_ptr<Job>> jobs;
    Nanoseconds second_begun = 0;
    unsigned in_second = 0;
    std::uint64_t left_out = 0;

    mutable std::mutex named_mutex;
    std::map<std::string, NamedHold> named;  // by what they say

    void ended(Nanoseconds length) noexcept;
    void remember(const LongHold& hold);
    bool enter(Nanoseconds now, std::uint64_t& left_out_before);
    void leave();
    void read_stack(LongHold& hold);
    void run();
    std::vector<std::shared_ptr<Job>> next_jobs();
};

// On the thread that has let go of the GIL, in the middle of CPython's C code: nothing may be thrown. Without
// memory there is no report.
void LongHolds::Shared::ended(Nanoseconds length) noexcept {
    if (is_reporter) return;
    const Nanoseconds now = dispatch::now();
    LongHold hold;
    hold.length = length;
    try {
        if (!attribute_to_request(hold, now, limit) || !enter(now, hold.left_out)) return;
    } catch (const std::exception&) {
        return;
    }
    try {
        hold.thread = name_of_this_thread();
        if (!hold.request || !hold.request->over) read_stack(hold);
        log.warn(describe(hold, route_name));
        remember(hold);
        leave();
    } catch (const std::exception&) {
        leave();
    }
}

void LongHolds::Shared::remember(const LongHold& hold) {
    // By a path nobody would look it up, and there may be any number of them.
    if (hold.request && hold.request->mark.route == 0) return;
    // Threads as the books name them: "Thread-N".
    const std::string by = hold.request ? route_name(hold.request->mark.route, hold.request->mark.path)
                                        : "thread:" + gil::name_of(gil::tag_of_this_thread());
    const std::lock_guard lock(named_mutex);
    if (named.size() == kNames && !named.contains(by)) return;
    NamedHold& last = named[by];
    // A place that is known is worth more than a later report without one: with holds that are long enough
    // the reporter gets the GIL in time for one in several only.
    if (hold.stack.empty() && !last.where.empty()) return;
    last = {by, hold.stack.substr(0, hold.stack.find('\n')), std::chrono::nanoseconds(hold.length)};
}

bool LongHolds::Shared::enter(Nanoseconds now, std::uint64_t& left_out_before) {
    const std::lock_guard lock(mutex);
    if (!open) return false;
    if (now - second_begun >= 1'000'000'000) {
        second_begun = now;
        in_second = 0;
    }
    if (in_second == kMostPerSecond) {
        ++left_out;
        return false;
    }
    ++in_second;
    ++inside;
    left_out_before = std::exchange(left_out, 0);
    return true;
}

void LongHolds::Shared::leave() {
    const std::lock_guard lock(mutex);
    --inside;
    changed.notify_all();
}

void LongHolds::Shared::read_stack(LongHold& hold) {
    PyThreadState* const thread = PyGILState_GetThisThreadState();
    if (thread == nullptr) return;
    // The reporter's GIL does not guard the frames of another interpreter.
    hold.elsewhere = PyThreadState_GetInterpreter(thread) != runtime.interpreter();
    if (hold.elsewhere) return;
    const auto job = std::make_shared<Job>(thread);
    std::unique_lock lock(mutex);
    jobs.push_back(job);
    changed.notify_all();
    changed.wait_for(lock, kPatience, [&] { return job->state != Job::State::queued; });
    hold.stack_missing = job->turn(Job::State::given_up);
    if (hold.stack_missing) return;
    changed.wait(lock, [&] { return job->state == Job::State::done; });
    hold.stack = std::move(job->stack);
}

std::vector<std::shared_ptr<Job>> LongHolds::Shared::next_jobs() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !jobs.empty() || !open; });
    return open ? std::exchange(jobs, {}) : std::vector<std::shared_ptr<Job>>{};
}

void LongHolds::Shared::run() {
    is_reporter = true;
    pthread_setname_np(pthread_self(), "baton-holds");
    const ThreadState state(runtime.interpreter());
    for (auto batch = next_jobs(); !batch.empty(); batch = next_jobs()) {
        std::erase_if(batch, [](const auto& job) { return job->state != Job::State::queued; });
        if (batch.empty()) continue;
        {
            const Attach attached(state.get());
            for (const auto& job : batch) {
                if (job->turn(Job::State::taken)) job->read();
            }
        }
        const std::lock_guard lock(mutex);
        for (const auto& job : batch) {
            if (job->state == Job::State::taken) job->state = Job::State::done;
        }
        changed.notify_all();
    }
}

LongHolds::LongHolds(Runtime& runtime, std::chrono::nanoseconds limit, RouteName route_name,
                     spdlog::logger& log)
    : shared_(*new Shared(runtime, limit.count(), std::move(route_name), log)) {
    CurrentRequest::long_is = limit.count();
    gil::on_long_hold(
        limit.count(), [](void* shared, std::int64_t length) { static_cast<Shared*>(shared)->ended(length); },
        &shared_);
    reporter_ = std::thread([&shared = shared_] { shared.run(); });
}

LongHolds::~LongHolds() {
    {
        std::unique_lock lock(shared_.mutex);
        shared_.open = false;
        shared_.changed.notify_all();
        shared_.changed.wait(lock, [&] { return shared_.inside == 0; });
    }
    reporter_.join();
}

std::vector<NamedHold> LongHolds::named() const {
    const std::lock_guard lock(shared_.named_mutex);
    std::vector<NamedHold> found;
    for (const auto& [by, hold] : shared_.named) found.push_back(hold);
    return found;
}

}  // namespace baton::interp
