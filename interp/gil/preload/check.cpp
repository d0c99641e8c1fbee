#include "interp/gil/preload/check.hpp"

#include <cstdio>
#include <string>

#include "interp/gil/clock.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/scheduler.hpp"

namespace baton::gil::preload {

namespace {

constexpr std::int64_t kPatience = 3'000'000'000;

}  // namespace

bool Check::ask(const Python& python, bool lend_scheduler) noexcept {
    python_ = python;
    lend_scheduler_ = lend_scheduler;
    asked_at_ = now();
    state_.store(State::kAsked, std::memory_order_release);
    if (python_.add_pending_call(pending_call, this) == 0) return true;
    state_.store(State::kNotAsked, std::memory_order_relaxed);  // its queue is full
    return false;
}

int Check::pending_call(void* check) {
    static_cast<Check*>(check)->run();
    return 0;
}

// Whoever comes first; later calls find it done.
void Check::run() {
    State expected = State::kAsked;
    if (!state_.compare_exchange_strong(expected, State::kRunning, std::memory_order_acquire)) return;
    const std::string fault = self_test({python_.save_thread, python_.restore_thread});
    if (!fault.empty()) return refuse(fault.c_str());
    if (lend_scheduler_) set_policy(Policy::latency);
    state_.store(State::kExact, std::memory_order_release);
}

void Check::insist() {
    if (state_.load(std::memory_order_acquire) != State::kAsked || now() - asked_at_ < kPatience) return;
    if (python_.is_initialized() == 0) return;
    insists_.store(true, std::memory_order_relaxed);
    const int state = python_.ensure();
    run();
    python_.release(state);
    insists_.store(false, std::memory_order_relaxed);
}

void Check::refuse(const char* why) noexcept {
    std::snprintf(fault_.data(), fault_.size(), "%s", why);
    state_.store(State::kRefused, std::memory_order_release);
}

probe::Verdict Check::verdict() const noexcept {
    switch (state_.load(std::memory_order_acquire)) {
        case State::kExact:
            return probe::Verdict::exact;
        case State::kRefused:
            return probe::Verdict::refused;
        default:
            return probe::Verdict::undecided;
    }
}

void Check::start_over() noexcept {
    insists_.store(false, std::memory_order_relaxed);
    const State state = state_.load(std::memory_order_relaxed);
    if (state == State::kAsked || state == State::kRunning) state_.store(State::kNotAsked);
}

}  // namespace baton::gil::preload
