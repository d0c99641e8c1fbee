#include "loadgen/compare/server_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "loadgen/compare/process_tree.hpp"

namespace loadgen::compare {

namespace {

constexpr auto kLook = std::chrono::milliseconds(5);
constexpr auto kKillTakes = std::chrono::seconds(5);  // at most, for the kernel to end who was killed
constexpr auto kReapTakes = std::chrono::seconds(1);  // at most
constexpr auto kBreath = std::chrono::milliseconds(1);
constexpr off_t kSaid = 4096;

int open_output() {
    const char* directory = std::getenv("TMPDIR");
    std::string name = std::string(directory && *directory ? directory : "/tmp") + "/baton-load-XXXXXX";
    const int file = ::mkostemp(name.data(), O_CLOEXEC | O_APPEND);
    if (file < 0)
        throw std::system_error(errno, std::generic_category(), "a file for the server's output: " + name);
    ::unlink(name.c_str());
    return file;
}

// Between fork() and exec(): only what is safe in a signal's handler.
[[noreturn]] void become(const char* command, int output, pid_t parent) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) ::_exit(127);  // it was gone before
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    // What this process ignores or blocks would be ignored and blocked by the server.
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2})
        ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execl("/bin/sh", "sh", "-c", command, nullptr);
    ::_exit(127);
}

bool any_alive(const std::vector<Process>& all) noexcept {
    return std::any_of(all.begin(), all.end(), [](const Process& each) { return !each.ended; });
}

}  // namespace

ServerProcess::ServerProcess(const std::string& command) : output_(open_output()) {
    adopt_orphans();
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) become(command.c_str(), output_, parent);
    if (pid_ < 0) {
        const int why = errno;
        ::close(output_);
        throw std::system_error(why, std::generic_category(), "a process for the server");
    }
    ::setpgid(pid_, pid_);  // here as well: whoever is first
}

ServerProcess::~ServerProcess() {
    stop(Nanoseconds(0));
    ::close(output_);
}

// Orphans that this process has adopted have nobody else to wait for them.
void ServerProcess::reap() {
    for (;;) {
        int status = 0;
        const pid_t gone = ::waitpid(-1, &status, WNOHANG);
        if (gone <= 0) return;
        if (gone != pid_) continue;
        status_ = status;
        ended_ = true;
    }
}

bool ServerProcess::running() {
    reap();
    return any_alive(descendants_of(::getpid()));
}

// A process shows as ended a moment before it can be waited for.
void ServerProcess::reap_all_ended() {
    for (const Moment end = Clock::now() + kReapTakes; Clock::now() < end;
         std::this_thread::sleep_for(kBreath)) {
        reap();
        const std::vector<Process> all = descendants_of(::getpid());
        if (std::none_of(all.begin(), all.end(), [](const Process& each) { return each.ended; })) return;
    }
}

std::string ServerProcess::ending() {
    reap_all_ended();
    if (!ended_) return {};
    if (WIFSIGNALED(status_))
        return fmt::format("signal {} ({})", WTERMSIG(status_), ::strsignal(WTERMSIG(status_)));
    return fmt::format("exit status {}", WEXITSTATUS(status_));
}

std::string ServerProcess::said() const {
    const off_t size = ::lseek(output_, 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - kSaid);
    std::array<char, kSaid> buffer{};
    const ssize_t length = ::pread(output_, buffer.data(), buffer.size(), from);
    std::string_view text(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, length)));
    if (from > 0)
        text.remove_prefix(std::min(text.size(), text.find('\n') + 1));  // from the next whole line on
    return std::string(text);
}

bool ServerProcess::stop(Nanoseconds patience) {
    if (patience > Nanoseconds(0)) {
        for (const Process& each : descendants_of(::getpid())) ::kill(each.pid, SIGTERM);
        for (const Moment end = Clock::now() + patience; Clock::now() < end;
             std::this_thread::sleep_for(kLook)) {
            if (!running()) break;
        }
    }
    const bool by_itself = !running();
    // Who is killed may have started another just before: until nobody is left.
    for (const Moment end = Clock::now() + kKillTakes; running() && Clock::now() < end;) {
        for (const Process& each : descendants_of(::getpid())) ::kill(each.pid, SIGKILL);
        std::this_thread::sleep_for(kLook);
    }
    reap_all_ended();
    return by_itself;
}

}  // namespace loadgen::compare
