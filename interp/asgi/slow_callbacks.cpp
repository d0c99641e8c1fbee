#include "interp/asgi/slow_callbacks.hpp"

#include <pthread.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>

#include "interp/attach.hpp"
#include "interp/stack.hpp"
#include "server/dispatch/clock.hpp"

namespace baton::interp::asgi {

namespace {

constexpr int kDepth = 12;  // frames of a stack
constexpr std::int64_t kSoonest = 2'000'000, kLatest = 250'000'000;

double ms(dispatch::Nanoseconds span) {
    return static_cast<double>(span) / 1e6;
}

}  // namespace

SlowCallbacks::SlowCallbacks(Runtime& runtime, Nanoseconds limit, const LoopClock& clock,
                             PyThreadState* loop_thread)
    : runtime_(runtime), limit_(limit), clock_(clock), loop_thread_(loop_thread), thread_([this] {
          run();
      }) {}

SlowCallbacks::~SlowCallbacks() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void SlowCallbacks::run() {
    pthread_setname_np(pthread_self(), "baton-slow");
    const ThreadState state(runtime_.interpreter());
    const std::chrono::nanoseconds pause(std::clamp<std::int64_t>(limit_ / 2, kSoonest, kLatest));
    std::unique_lock lock(mutex_);
    while (!over_) {
        changed_.wait_for(lock, pause, [&] { return over_; });
        const Nanoseconds begun = clock_.begun();
        if (over_ || begun == 0 || dispatch::now() - begun < limit_ || clock_.serial() == seen_) continue;
        lock.unlock();
        look(state.get());
        lock.lock();
    }
}

void SlowCallbacks::look(PyThreadState* state) {
    const std::uint64_t serial = clock_.serial();
    const Nanoseconds begun = clock_.begun();
    const Attach attached(state);
    // With the GIL the loop stands still: what its clock says now is true.
    const Nanoseconds after = dispatch::now() - begun;
    if (begun == 0 || clock_.serial() != serial || clock_.begun() != begun) return;
    std::string stack = stack_of(loop_thread_, kDepth);
    const std::lock_guard lock(mutex_);
    seen_ = serial;
    seen_after_ = after;
    stack_ = std::move(stack);
}

std::string SlowCallbacks::describe(std::uint64_t serial, Nanoseconds length) {
    const std::string text = fmt::format("a callback blocked the event loop for {:.1f} ms", ms(length));
    const std::lock_guard lock(mutex_);
    if (serial != seen_ || stack_.empty())
        return text + "; where is not known: the GIL was not free before it returned";
    return text + fmt::format("; after {:.1f} ms it was at:\n{}", ms(seen_after_), stack_);
}

}  // namespace baton::interp::asgi
