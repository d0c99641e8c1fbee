#include "server/probe/child.hpp"

#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

extern char** environ;

namespace baton::probe {

namespace {

constexpr std::array kHandedOn = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

class SpawnAttributes {
  public:
    SpawnAttributes() { posix_spawnattr_init(&value); }
    ~SpawnAttributes() { posix_spawnattr_destroy(&value); }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;
    posix_spawnattr_t value{};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment(const std::vector<std::string>& additions) {
    std::vector<std::string> all = additions;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view entry(*variable);
        const std::string_view name = entry.substr(0, entry.find('=') + 1);
        const bool replaced =
            std::any_of(additions.begin(), additions.end(),
                        [&](const std::string& addition) { return addition.starts_with(name); });
        if (!replaced) all.emplace_back(entry);
    }
    return all;
}

}  // namespace

Signals::Signals() {
    sigemptyset(&all_);
    for (const int signal : kHandedOn) sigaddset(&all_, signal);
    sigaddset(&all_, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &all_, &before_);
}

Signals::~Signals() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Child::Child(const std::vector<std::string>& command, const std::vector<std::string>& additions,
             const Signals& signals)
    : signals_(signals) {
    SpawnAttributes attributes;
    sigset_t usual;  // main ignores it; a command expects it as usual
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes.value, &usual);
    posix_spawnattr_setsigmask(&attributes.value, &signals.before());
    posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const std::vector<std::string> variables = environment(additions);
    const int error = posix_spawnp(&pid_, command.front().c_str(), nullptr, &attributes.value,
                                   pointers(command).data(), pointers(variables).data());
    if (error != 0) throw std::system_error(error, std::generic_category(), command.front());
}

int Child::wait() {
    while (true) {
        siginfo_t signal{};
        const int number = sigwaitinfo(&signals_.all(), &signal);
        if (number > 0 && number != SIGCHLD) hand_on(signal);
        int status = 0;
        const pid_t ended = waitpid(pid_, &status, WNOHANG);
        if (ended < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
        if (ended != pid_) continue;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

// What a terminal sends (Ctrl-C) it sends to the whole process group; the command has it already.
void Child::hand_on(const siginfo_t& signal) const {
    if (signal.si_code == SI_KERNEL && getpgid(pid_) == getpgrp()) return;
    ::kill(pid_, signal.si_signo);
}

}  // namespace baton::probe
