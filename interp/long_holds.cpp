#include "interp/long_holds.hpp"

#include <pthread.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
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
    Nanoseconds unheeded = 0;  // the part of it after somebody had asked for the GIL
    std::optional<Request> request;
    std::string thread;          // its name
    std::string stack;           // empty when no Python code was running, or
    bool elsewhere = false;      // its stack is another interpreter's
    bool stack_missing = false;  // the reporter did not get the GIL in time
    std::uint64_t left_out = 0;  // holds that were not reported since the last one that was

    bool is_over() const { return request && request->over; }
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
    if (hold.is_over()) return text + "; it kept the GIL until it returned";
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

// Leaves the part of the hold that was one request's; a hold of many short requests is nobody's long hold.
void attribute_to_request(LongHold& hold, Nanoseconds now) {
    if (!current_request.had_any()) return;
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
}

// So many a second.
class Budget {
  public:
    explicit Budget(unsigned most) : most_(most) {}

    bool take(Nanoseconds now) {
        if (now - second_begun_ >= 1'000'000'000) {
            second_begun_ = now;
            taken_ = 0;
        }
        if (taken_ == most_) return false;
        ++taken_;
        return true;
    }

  private:
    const unsigned most_;
    Nanoseconds second_begun_ = 0;
    unsigned taken_ = 0;
};

}  // namespace

struct LongHolds::Shared {
    Shared(Runtime& python, Limits these, RouteName names_of, spdlog::logger& to)
        : runtime(python), limits(these), route_name(std::move(names_of)), log(to) {}

    Nanoseconds least() const { return std::min(limits.logged, limits.named).count(); }
    bool matters(Nanoseconds length, Nanoseconds unheeded) const {
        return length >= limits.logged.count() || unheeded >= limits.named.count();
    }

    Runtime& runtime;
    const Limits limits;
    const RouteName route_name;
    spdlog::logger& log;
    HoldNames names;

    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    std::size_t inside = 0;  // threads that report
    std::vector<std::shared_ptr<Job>> jobs;
    Budget to_log{kMostPerSecond};
    Budget to_name{kMostNamedPerSecond};
    std::uint64_t left_out = 0;

    void ended(gil::LongHold told) noexcept;
    bool enter();
    void leave();
    void report(LongHold& hold, Nanoseconds now);
    std::string name_of(const LongHold& hold) const;
    bool may_log(LongHold& hold, Nanoseconds now);
    bool may_name(const LongHold& hold, const std::string& by, Nanoseconds now);
    void read_stack(LongHold& hold);
    void run();
    std::vector<std::shared_ptr<Job>> next_jobs();
};

// On the thread that has let go of the GIL, in the middle of CPython's C code: nothing may be thrown. Without
// memory there is no report.
void LongHolds::Shared::ended(gil::LongHold told) noexcept {
    if (is_reporter || !matters(told.nanoseconds, told.unheeded)) return;
    const Nanoseconds now = dispatch::now();
    LongHold hold;
    hold.length = told.nanoseconds;
    try {
        attribute_to_request(hold, now);
        hold.unheeded = std::min(told.unheeded, hold.length);
        if (!matters(hold.length, hold.unheeded) || !enter()) return;
    } catch (const std::exception&) {
        return;
    }
    try {
        report(hold, now);
        leave();
    } catch (const std::exception&) {
        leave();
    }
}

void LongHolds::Shared::report(LongHold& hold, Nanoseconds now) {
    const std::string by = name_of(hold);
    const bool logged = may_log(hold, now);
    if (!logged && !may_name(hold, by, now)) return;
    hold.thread = name_of_this_thread();
    if (!hold.is_over()) read_stack(hold);
    if (logged) log.warn(describe(hold, route_name));
    if (by.empty() || hold.stack.empty()) return;
    names.add({by, hold.stack.substr(0, hold.stack.find('\n')), std::chrono::nanoseconds(hold.unheeded)},
              now);
}

// By which its place is to be remembered; empty: it is not.
std::string LongHolds::Shared::name_of(const LongHold& hold) const {
    if (hold.unheeded < limits.named.count() || hold.is_over()) return {};
    // Threads as the books name them: "Thread-N".
    if (!hold.request) return "thread:" + gil::name_of(gil::tag_of_this_thread());
    // By a path nobody would look it up, and there may be any number of them.
    if (hold.request->mark.route == 0) return {};
    return route_name(hold.request->mark.route, hold.request->mark.path);
}

bool LongHolds::Shared::may_log(LongHold& hold, Nanoseconds now) {
    if (hold.length < limits.logged.count()) return false;
    const std::lock_guard lock(mutex);
    if (!to_log.take(now)) {
        ++left_out;
        return false;
    }
    hold.left_out = std::exchange(left_out, 0);
    return true;
}

bool LongHolds::Shared::may_name(const LongHold& hold, const std::string& by, Nanoseconds now) {
    if (by.empty() || !names.wants(by, std::chrono::nanoseconds(hold.unheeded), now)) return false;
    const std::lock_guard lock(mutex);
    return to_name.take(now);
}

bool LongHolds::Shared::enter() {
    const std::lock_guard lock(mutex);
    if (open) ++inside;
    return open;
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

LongHolds::LongHolds(Runtime& runtime, Limits limits, RouteName route_name, spdlog::logger& log)
    : shared_(*new Shared(runtime, limits, std::move(route_name), log)) {
    CurrentRequest::long_is = limits.logged.count();
    gil::on_long_hold(
        shared_.least(), [](void* shared, gil::LongHold hold) { static_cast<Shared*>(shared)->ended(hold); },
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
    return shared_.names.all(dispatch::now());
}

}  // namespace baton::interp
