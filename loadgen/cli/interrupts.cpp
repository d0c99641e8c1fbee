#include "loadgen/cli/interrupts.hpp"

#include <pthread.h>

#include <csignal>
#include <ctime>
#include <utility>

namespace loadgen::cli {

namespace {

// How often the thread looks whether it is still wanted.
constexpr timespec kLook{0, 100'000'000};

sigset_t endings() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

}  // namespace

Interrupts::Interrupts(std::function<void()> told) {
    const sigset_t signals = endings();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    thread_ = std::jthread([told = std::move(told), signals](const std::stop_token& over) {
        while (!over.stop_requested())
            if (sigtimedwait(&signals, nullptr, &kLook) > 0) told();
    });
}

}  // namespace loadgen::cli
