#include "server/signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <thread>

namespace baton {

namespace {

// What the handler needs; it cannot be given arguments.
pid_t owner = 0;
int wake[2] = {-1, -1};
std::atomic<bool> is_loaded{false};
std::atomic<unsigned> asked_to_end{0};  // how often

// As if there were no handler. The kernel spares process 1 of a container; hence the last line.
[[noreturn]] void usual_end(int signal) {
    std::signal(signal, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    ::raise(signal);
    pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    _exit(128 + signal);
}

void handle(int signal) {
    const int error = errno;
    if (getpid() != owner) usual_end(signal);
    if (signal == SIGTERM || signal == SIGINT) {
        if (!is_loaded) _exit(0);
        ++asked_to_end;
        static_cast<void>(!::write(wake[1], "", 1));  // full: main has not looked for long
    }
    errno = error;
}

void install() {
    struct sigaction action{};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        sigaction(signal, &action, nullptr);
        sigaddset(&set, signal);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // whoever started us may have blocked them
}

}  // namespace

Signals::Signals() {
    owner = getpid();
    if (::pipe2(wake, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    ::fcntl(wake[1], F_SETFL, O_NONBLOCK);
    install();
}

void Signals::loaded() {
    is_loaded = true;
    install();
}

bool Signals::asked() const {
    return asked_to_end > 0;
}

void Signals::wait() {
    // Not read(): SA_RESTART would begin it again, and ThreadSanitizer hands signals on only between calls.
    pollfd woken{wake[0], POLLIN, 0};
    while (asked_to_end == 0) ::poll(&woken, 1, -1);
    seen_ = 1;
}

bool Signals::again() {
    return asked_to_end > seen_;
}

void end_process_by(std::chrono::milliseconds patience, int status) {
    const auto watch = [patience, status, before = asked_to_end.load()] {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (asked_to_end == before && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        _exit(status);
    };
    try {
        std::thread(watch).detach();
    } catch (const std::system_error&) {
        // No thread to be had. The drain goes on; should it take too long, the kernel ends the process.
        std::signal(SIGALRM, SIG_DFL);
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(patience).count();
        ::alarm(static_cast<unsigned>(std::max<std::int64_t>(1, seconds)));
    }
}

}  // namespace baton
