#include "loadgen/compare/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace loadgen::compare {

namespace {

constexpr int kTries = 8;

// The numbers behind the command in /proc/PID/stat, by their place in proc(5) less 4 (ppid is the first).
constexpr std::size_t kParent = 0;
constexpr std::size_t kUserTime = 10;
constexpr std::size_t kSystemTime = 11;
constexpr std::size_t kChildrenUser = 12;
constexpr std::size_t kChildrenSystem = 13;
constexpr std::size_t kStarted = 18;

double seconds_of_ticks(std::uint64_t ticks) noexcept {
    static const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return static_cast<double>(ticks) / per_second;
}

// The process's CPU clock counts nanoseconds where stat has ticks of 10 ms; a zombie has none any more.
std::optional<double> clock_of(pid_t pid) noexcept {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return std::nullopt;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string contents_of_stat(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    std::array<char, 2048> buffer{};
    const ssize_t length = ::read(file, buffer.data(), buffer.size());
    ::close(file);
    return {buffer.data(), static_cast<std::size_t>(length > 0 ? length : 0)};
}

// None when the process is gone.
std::optional<Process> process(pid_t pid) {
    const std::string stat = contents_of_stat(pid);
    // The command stands in parentheses and may hold anything, parentheses included.
    const std::size_t end = stat.rfind(')');
    if (end == std::string::npos || stat.size() < end + 4) return std::nullopt;
    std::array<std::uint64_t, kStarted + 1> numbers{};
    const char* at = stat.data() + end + 4;
    for (std::uint64_t& number : numbers) {
        // Some of them are negative at times (a terminal's group); none of ours.
        while (at < stat.data() + stat.size() && (*at == ' ' || *at == '-')) ++at;
        const auto [next, error] = std::from_chars(at, stat.data() + stat.size(), number);
        if (error != std::errc{}) return std::nullopt;
        at = next;
    }
    Process found;
    found.pid = pid;
    found.parent = static_cast<pid_t>(numbers[kParent]);
    found.started = numbers[kStarted];
    found.ended = stat[end + 2] == 'Z' || stat[end + 2] == 'X';
    const double ticks = seconds_of_ticks(numbers[kUserTime] + numbers[kSystemTime]);
    found.own = found.ended ? ticks : clock_of(pid).value_or(ticks);
    found.reaped = seconds_of_ticks(numbers[kChildrenUser] + numbers[kChildrenSystem]);
    return found;
}

std::vector<Process> all_processes() {
    std::vector<Process> all;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
    if (!directory) return all;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = static_cast<const char*>(entry->d_name);
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || end != name.data() + name.size()) continue;
        if (const std::optional<Process> found = process(pid)) all.push_back(*found);
    }
    return all;
}

double reaped_by_this_process() noexcept {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Nobody was waited for between the two looks: then no time was counted twice, with a child and with its
// parent, and none was missed.
bool same_family(const std::vector<Process>& a, const std::vector<Process>& b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].pid != b[i].pid || a[i].started != b[i].started || a[i].reaped != b[i].reaped) return false;
    }
    return true;
}

double sum_of(const std::vector<Process>& family) noexcept {
    double sum = reaped_by_this_process();
    for (const Process& member : family) sum += member.own + member.reaped;
    return sum;
}

}  // namespace

void adopt_orphans() noexcept {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

std::vector<Process> descendants_of(pid_t root) {
    const std::vector<Process> all = all_processes();
    std::unordered_map<pid_t, std::vector<const Process*>> children;
    for (const Process& each : all) children[each.parent].push_back(&each);
    std::vector<Process> found;
    std::unordered_set<pid_t> seen = {root};
    std::vector<pid_t> parents = {root};
    while (!parents.empty()) {
        const pid_t parent = parents.back();
        parents.pop_back();
        for (const Process* child : children[parent]) {
            if (!seen.insert(child->pid).second) continue;
            found.push_back(*child);
            parents.push_back(child->pid);
        }
    }
    return found;
}

double descendants_cpu() {
    std::vector<Process> family = descendants_of(::getpid());
    for (int tries = 1; tries < kTries; ++tries) {
        std::vector<Process> again = descendants_of(::getpid());
        const bool steady = same_family(family, again);
        family = std::move(again);
        if (steady) break;
    }
    return sum_of(family);
}

}  // namespace loadgen::compare
