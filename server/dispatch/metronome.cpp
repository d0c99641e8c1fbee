#include "server/dispatch/metronome.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <ctime>
#include <system_error>

#include "server/dispatch/time_slice.hpp"

namespace baton::dispatch {

namespace {

constexpr std::uint32_t kOver = 1;
constexpr std::uint32_t kOne = 2;
constexpr unsigned long kSlack = 1000;  // ns that a sleep may last longer

std::vector<int> cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::vector<int> found;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return found;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &allowed)) found.push_back(core);
    }
    return found;
}

void pin_to(int core) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

}  // namespace

Metronome::~Metronome() {
    computing_.fetch_or(kOver);
    computing_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Metronome::start() {
    const std::vector<int> all = cores();
    if (all.size() > kMostCores) return;
    for (const int core : all) {
        try {
            threads_.emplace_back([this, core] { run(core); });
        } catch (const std::system_error&) {
            return;
        }
    }
}

void Metronome::begin() noexcept {
    if (computing_.fetch_add(kOne) < kOne) computing_.notify_all();
}

void Metronome::end() noexcept {
    computing_.fetch_sub(kOne);
}

void Metronome::run(int core) {
    pthread_setname_np(pthread_self(), "baton-beat");
    pin_to(core);
    ask_for_short_slices();
    prctl(PR_SET_TIMERSLACK, kSlack, 0, 0, 0);
    const timespec beat{0, std::chrono::nanoseconds(kBeat).count()};
    for (;;) {
        const std::uint32_t now = computing_.load();
        if ((now & kOver) != 0) return;
        if (now < kOne) {
            computing_.wait(now);
            continue;
        }
        clock_nanosleep(CLOCK_MONOTONIC, 0, &beat, nullptr);
        beats_.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace baton::dispatch
