#include "interp/gil/preload/writer.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>
#include <csignal>

namespace baton::gil::preload {

namespace {

constexpr long kPeriod = 150'000'000;    // nanoseconds
constexpr long kPatience = 200'000'000;  // likewise
constexpr std::size_t kStack = 256 * 1024;

// Not a condition variable: those are what the library stands in front of.
void sleep_while(const std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
    const timespec period{0, kPeriod};
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, &period, nullptr, 0);
}

void wake(const std::atomic<std::uint32_t>& word) noexcept {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

timespec in_a_moment() noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += kPatience;
    if (time.tv_nsec >= 1'000'000'000) {
        time.tv_nsec -= 1'000'000'000;
        ++time.tv_sec;
    }
    return time;
}

}  // namespace

void Writer::start() noexcept {
    if (running_.exchange(true, std::memory_order_acq_rel)) return;
    begun_.store(shift_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStack);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
    int error = pthread_create(&thread_, &attributes, main, this);
    // A program with much thread-local storage needs more than that.
    if (error != 0) error = pthread_create(&thread_, nullptr, main, this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    if (error != 0) running_.store(false, std::memory_order_release);
}

void Writer::stop() noexcept {
    if (!running_.load(std::memory_order_acquire)) return;
    shift_.fetch_add(1, std::memory_order_relaxed);
    wake(shift_);
    const timespec until = in_a_moment();
    if (pthread_clockjoin_np(thread_, nullptr, CLOCK_MONOTONIC, &until) != 0) pthread_detach(thread_);
    running_.store(false, std::memory_order_release);
}

void Writer::forget() noexcept {
    shift_.fetch_add(1, std::memory_order_relaxed);
    running_.store(false, std::memory_order_release);
}

void* Writer::main(void* writer) {
    pthread_setname_np(pthread_self(), "gil-books");
    static_cast<Writer*>(writer)->run();
    return nullptr;
}

void Writer::run() {
    // Not what it is now: stop() may have come before this line.
    const std::uint32_t shift = begun_.load(std::memory_order_relaxed);
    while (shift_.load(std::memory_order_relaxed) == shift) {
        work_();
        sleep_while(shift_, shift);
    }
    work_();
}

}  // namespace baton::gil::preload
