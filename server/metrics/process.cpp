#include "server/metrics/process.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "server/http/utf8.hpp"

namespace baton::metrics {
namespace {

// Ticks after boot at which the process started: field 22 of /proc/self/stat (proc(5)). The second field, the
// command, is in parentheses and may contain anything, so fields count from the last ')'.
double start_ticks() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t command_end = line.rfind(')');
    if (command_end == std::string::npos) return 0.0;
    std::istringstream fields(line.substr(command_end + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    double ticks = 0.0;
    fields >> ticks;
    return ticks;
}

double boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    double seconds = 0.0;
    while (file >> word) {
        if (word == "btime") {
            file >> seconds;
            break;
        }
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return seconds;
}

double start_time() {
    static const double seconds = boot_time() + start_ticks() / static_cast<double>(sysconf(_SC_CLK_TCK));
    return seconds;
}

// Since Linux 6.2 the size of the directory is the number of descriptors; counting ten thousand names would
// take milliseconds.
std::uint64_t count_fds() {
    struct stat directory{};
    if (stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0) {
        return static_cast<std::uint64_t>(directory.st_size);
    }
    DIR* open = opendir("/proc/self/fd");
    if (open == nullptr) return 0;
    std::uint64_t count = 0;
    while (const dirent* entry = readdir(open)) count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(open);
    return count - 1;  // without the one that counted
}

}  // namespace

Nanoseconds process_cpu() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

ProcessSample sample_process() {
    ProcessSample sample;
    sample.cpu = process_cpu();
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::ifstream statm("/proc/self/statm");  // total and resident size in pages
    statm >> sample.virtual_bytes >> sample.resident_bytes;
    sample.virtual_bytes *= page;
    sample.resident_bytes *= page;
    sample.open_fds = count_fds();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) sample.max_fds = limit.rlim_cur;
    sample.start_time = start_time();
    return sample;
}

std::string thread_name(int thread_id) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread_id) + "/comm");
    std::string name;
    std::getline(file, name);
    return http::utf8(name);
}

}  // namespace baton::metrics
