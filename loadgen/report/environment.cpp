#include <sched.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include "loadgen/report/report.hpp"

namespace loadgen::report {

namespace {

std::string kernel() {
    utsname names{};
    if (uname(&names) != 0) return "unknown";
    return std::string(names.sysname) + ' ' + names.release + ' ' + names.machine;
}

std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown";
}

unsigned usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<unsigned>(CPU_COUNT(&set));
}

constexpr std::string_view kHidden = "...";

std::string name_only(const std::string& header) {
    const std::size_t colon = header.find(':');
    return colon == std::string::npos ? header : header.substr(0, colon) + ": " + std::string(kHidden);
}

// Where in this argument a header is said: behind --header=, or behind -H and flags that it is joined to
// (-kH); its size when the header is the next argument.
std::size_t header_at(std::string_view argument) {
    if (argument == "--header") return argument.size();
    if (argument.starts_with("--header=")) return argument.find('=') + 1;
    if (!argument.starts_with('-') || argument.starts_with("--")) return std::string::npos;
    const std::size_t letter = argument.find_first_not_of('k', 1);
    return letter != std::string::npos && argument[letter] == 'H' ? letter + 1 : std::string::npos;
}

}  // namespace

Loads load_averages() noexcept {
    Loads loads{};
    if (getloadavg(loads.data(), static_cast<int>(loads.size())) != static_cast<int>(loads.size())) return {};
    return loads;
}

std::vector<std::string> without_secrets(std::vector<std::string> argv) {
    enum class Next { anything, header, body };
    Next next = Next::anything;
    for (std::string& argument : argv) {
        switch (std::exchange(next, Next::anything)) {
            case Next::header:
                argument = name_only(argument);
                continue;
            case Next::body:
                argument = kHidden;
                continue;
            case Next::anything:
                break;
        }
        const std::size_t header = header_at(argument);
        if (argument == "--body") {
            next = Next::body;
        } else if (argument.starts_with("--body=")) {
            argument = "--body=" + std::string(kHidden);
        } else if (header != std::string::npos && header == argument.size()) {
            next = Next::header;
        } else if (header != std::string::npos) {
            argument = argument.substr(0, header) + name_only(argument.substr(header));
        }
    }
    return argv;
}

Environment environment(std::string version, std::vector<std::string> argv) {
    Environment made;
    made.version = std::move(version);
    made.kernel = kernel();
    made.cpu_model = cpu_model();
    made.cores = usable_cores();
    made.load_before = load_averages();
    made.load_after = made.load_before;
    made.argv = without_secrets(std::move(argv));
    return made;
}

}  // namespace loadgen::report
