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

std::string name_only(const std::string& header) {
    const std::size_t colon = header.find(':');
    return colon == std::string::npos ? header : header.substr(0, colon) + ": ...";
}

}  // namespace

Loads load_averages() noexcept {
    Loads loads{};
    if (getloadavg(loads.data(), static_cast<int>(loads.size())) != static_cast<int>(loads.size())) return {};
    return loads;
}

std::vector<std::string> without_secrets(std::vector<std::string> argv) {
    constexpr std::string_view kLong = "--header=";
    bool value_follows = false;
    for (std::string& argument : argv) {
        if (value_follows) {
            argument = name_only(argument);
            value_follows = false;
        } else if (argument == "-H" || argument == "--header") {
            value_follows = true;
        } else if (argument.starts_with(kLong)) {
            argument = std::string(kLong) + name_only(argument.substr(kLong.size()));
        } else if (argument.starts_with("-H")) {
            argument = "-H" + name_only(argument.substr(2));
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
