#include "server/config/machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

namespace baton::config {

namespace {

namespace fs = std::filesystem;

// One that works, and one within reach of the next request.
constexpr unsigned kLeast = 2;
constexpr unsigned kMost = 512;
// Even a tenth of a CPU has time for so many that wait.
constexpr unsigned kMostOfLittle = 16;
// Resident memory of a thread with a request, and the part of the limit that all of them may take: a quarter.
constexpr std::uint64_t kMemoryOfThread = 1ULL << 20;
constexpr std::uint64_t kShare = 4;

// The words of a small file; none if it cannot be read.
std::vector<std::string> words(const fs::path& file) {
    std::ifstream in(file);
    std::vector<std::string> all;
    for (std::string word; in >> word;) all.push_back(word);
    return all;
}

// "max", "-1" and what is not a number are no limit.
std::optional<double> number(const std::vector<std::string>& all, std::size_t at) {
    if (at >= all.size()) return std::nullopt;
    std::istringstream in(all[at]);
    double value = 0;
    if (!(in >> value) || !in.eof() || value <= 0) return std::nullopt;
    return value;
}

void limit_cpus(Machine& machine, std::optional<double> quota, std::optional<double> period) {
    if (quota && period) machine.cpus = std::min(machine.cpus, *quota / *period);
}

// Version 1 says "no limit" with a number above all memory there is.
void limit_memory(Machine& machine, std::optional<double> bytes) {
    if (!bytes || *bytes >= static_cast<double>(machine.memory)) return;
    machine.memory = static_cast<std::uint64_t>(*bytes);
}

void read_group(Machine& machine, const fs::path& group) {
    const std::vector<std::string> max = words(group / "cpu.max");
    limit_cpus(machine, number(max, 0), number(max, 1));
    limit_memory(machine, number(words(group / "memory.max"), 0));
    limit_cpus(machine, number(words(group / "cpu.cfs_quota_us"), 0),
               number(words(group / "cpu.cfs_period_us"), 0));
    limit_memory(machine, number(words(group / "memory.limit_in_bytes"), 0));
}

// Limits of a parent hold for its children. In a container the path may be the host's, of which only the
// root is to be seen.
void read_groups(Machine& machine, const fs::path& mount, const std::string& path) {
    for (fs::path at = fs::path(path).relative_path(); !at.empty(); at = at.parent_path())
        read_group(machine, mount / at);
    read_group(machine, mount);
}

bool among(const std::string& name, const std::string& list) {
    return ("," + list + ",").find("," + name + ",") != std::string::npos;
}

}  // namespace

Machine within_cgroups(const Machine& whole, const std::string& root) {
    Machine machine = whole;
    const fs::path mounts = fs::path(root) / "sys/fs/cgroup";
    std::ifstream groups(fs::path(root) / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        // NUMBER:CONTROLLERS:PATH; version 2 has number 0 and no controllers.
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers.empty()) {
            read_groups(machine, mounts, path);
            read_groups(machine, mounts / "unified", path);
        }
        for (const std::string name : {"cpu", "memory"}) {
            if (!among(name, controllers)) continue;
            read_groups(machine, mounts / controllers, path);
            if (name != controllers) read_groups(machine, mounts / name, path);
        }
    }
    return machine;
}

Machine this_machine() {
    Machine machine;
    cpu_set_t set;
    CPU_ZERO(&set);
    machine.cpus =
        sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : std::thread::hardware_concurrency();
    machine.cpus = std::max(1.0, machine.cpus);
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        machine.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
    return within_cgroups(machine, "/");
}

ThreadBounds automatic_threads(const Machine& machine) {
    // The GIL is one CPU's worth of Python; with less than one there is time for fewer threads.
    const double by_cpu = std::max<double>(kMostOfLittle, kMost * std::min(1.0, machine.cpus));
    const std::uint64_t by_memory = machine.memory / kShare / kMemoryOfThread;
    const auto most =
        static_cast<unsigned>(std::min<std::uint64_t>(static_cast<std::uint64_t>(by_cpu), by_memory));
    return {kLeast, std::max(kLeast + 2, most)};
}

}  // namespace baton::config
