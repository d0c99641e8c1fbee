#include "server/signals.hpp"

#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <thread>

namespace baton {

namespace {

bool ends(int signal) {
    return signal == SIGTERM || signal == SIGINT;
}

}  // namespace

Signals::Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

void Signals::wait() {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0 || !ends(signal)) {
    }
}

bool Signals::again() {
    const timespec none{};
    int signal = 0;
    while ((signal = sigtimedwait(&set_, nullptr, &none)) > 0 || (signal < 0 && errno == EINTR))
        again_ = again_ || ends(signal);
    return again_;
}

void Signals::end_process_by(std::chrono::seconds patience, int status) const {
    std::thread([set = set_, patience, status] {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        int signal = 0;
        while (!ends(signal) && std::chrono::steady_clock::now() < deadline) {
            const timespec tenth{0, 100'000'000};
            signal = sigtimedwait(&set, nullptr, &tenth);
        }
        _exit(status);
    }).detach();
}

}  // namespace baton
