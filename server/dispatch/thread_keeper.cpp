#include "server/dispatch/thread_keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "server/dispatch/work_queue.hpp"

namespace baton::dispatch {

namespace {

constexpr Nanoseconds kPeriod = 100'000'000;
constexpr std::size_t kTicksOfSecond = 10;
// After a call out of turn that added threads: time for them to take their requests. After one that did not,
// it is not worth looking again so soon.
constexpr std::chrono::milliseconds kAfterGrowth{2};
constexpr std::chrono::milliseconds kAfterRefusal{10};
// When the system has refused a thread it is not asked again for so long.
constexpr Nanoseconds kAfterFailure = 10'000'000'000;

Nanoseconds process_cpu() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

ThreadKeeper::ThreadKeeper(ThreadLimits limits, WorkQueue& queue, ThreadKeeperSources sources)
    : limits_(limits), queue_(queue), sources_(std::move(sources)) {
    report_.limits = limits;
    if (limits_.automatic()) queue_.on_crowded([this] { crowded(); });
}

ThreadKeeper::~ThreadKeeper() {
    stop();
}

void ThreadKeeper::start() {
    note(limits_.automatic() ? ThreadReason::started : ThreadReason::fixed, {}, 0);
    const std::size_t started = sources_.grow(limits_.min);
    if (started < limits_.min) note(ThreadReason::refused, {}, 0);
    if (!limits_.automatic()) return;
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "baton-keeper");
        sources_.began();
        run();
        sources_.ending();
    });
}

void ThreadKeeper::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    parking_.wake();
    thread_.join();
}

void ThreadKeeper::run() {
    before_ = sums();
    Nanoseconds next = before_.at + kPeriod;
    while (!stopping_) {
        const bool crowded = parking_.wait_until(next);
        if (stopping_) break;
        if (now() >= next) {
            look(false);
            next = now() + kPeriod;
        } else if (crowded) {
            look(true);
        }
    }
}

void ThreadKeeper::look(bool crowded) {
    const ThreadObservation seen = crowded ? observe_now() : observe_period();
    const ThreadDecision decision = decide(seen, limits_);
    apply(decision, seen);
    // Deaf for a moment: crowded() is called each millisecond while it is true.
    if (crowded) std::this_thread::sleep_for(decision.target > seen.size ? kAfterGrowth : kAfterRefusal);
}

ThreadKeeper::Sums ThreadKeeper::sums() const {
    const GilUse gil = sources_.gil();
    return {now(), gil, process_cpu(), gil.exact ? 0 : sources_.python_cpu()};
}

ThreadObservation ThreadKeeper::observe_period() {
    const Sums after = sums();
    const auto share = [&](Nanoseconds a, Nanoseconds b) {
        return static_cast<double>(b - a) /
               static_cast<double>(std::max<Nanoseconds>(1, after.at - before_.at));
    };
    ThreadObservation seen;
    seen.spare = spare_now();
    seen.size = sources_.size();
    seen.queued = queue_.length();
    seen.idle = queue_.idle_threads();
    seen.exact = after.gil.exact;
    seen.held = after.gil.exact ? share(before_.gil.held, after.gil.held)
                                : share(before_.python_cpu, after.python_cpu);
    seen.waiting = share(before_.gil.waited, after.gil.waited);
    seen.cpu = cpu_ = share(before_.cpu, after.cpu);
    before_ = after;
    return seen;
}

// The sums include what is in progress: what grows between two looks is going on.
ThreadObservation ThreadKeeper::observe_now() const {
    const GilUse first = sources_.gil();
    const GilUse second = sources_.gil();
    ThreadObservation seen;
    seen.crowded = true;
    seen.size = sources_.size();
    seen.queued = queue_.length();
    seen.idle = queue_.idle_threads();
    seen.exact = second.exact;
    seen.held = second.held > first.held ? 1 : 0;
    seen.waiting = static_cast<double>(second.waiters);
    seen.cpu = cpu_;
    return seen;
}

// Once a second the fewest idle threads of the last ten; otherwise 0, so that shrinking is slow.
std::size_t ThreadKeeper::spare_now() {
    const std::size_t fewest = queue_.take_fewest_idle();
    fewest_ = ticks_ % kTicksOfSecond == 0 ? fewest : std::min(fewest_, fewest);
    if (++ticks_ % kTicksOfSecond != 0) return 0;
    fewest_idle_[second_++ % fewest_idle_.size()] = fewest_;
    return *std::min_element(fewest_idle_.begin(), fewest_idle_.end());
}

void ThreadKeeper::apply(const ThreadDecision& decision, const ThreadObservation& seen) {
    if (decision.target > seen.size) {
        if (now() < refused_until_) return note(ThreadReason::refused, seen, 0);
        const std::size_t wanted = decision.target - seen.size;
        const std::size_t made = sources_.grow(wanted);
        note(decision.reason, seen, static_cast<std::ptrdiff_t>(made));
        if (made == wanted) return;
        refused_until_ = now() + kAfterFailure;
        return note(ThreadReason::refused, seen, static_cast<std::ptrdiff_t>(made));
    }
    std::size_t gone = 0;
    if (decision.target < seen.size) {
        gone = sources_.retire(seen.size - decision.target);
        // What was spare before is so no more.
        for (std::size_t& fewest : fewest_idle_) fewest -= std::min(fewest, gone);
    }
    note(decision.reason, seen, -static_cast<std::ptrdiff_t>(gone));
}

void ThreadKeeper::note(ThreadReason reason, const ThreadObservation& seen, std::ptrdiff_t change) {
    const std::lock_guard lock(mutex_);
    ++report_.decisions[static_cast<std::size_t>(reason)];
    if (reason == ThreadReason::enough) return;
    report_.reason = reason;
    report_.text = explain(reason, seen, limits_);
    report_.change = static_cast<int>(change);
    report_.at = std::chrono::system_clock::now();
}

ThreadReport ThreadKeeper::report() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

}  // namespace baton::dispatch
