#include "loadgen/result/collector.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace loadgen::result {

namespace {

std::uint32_t seconds_in(Nanoseconds duration) {
    return static_cast<std::uint32_t>(std::max(0.0, std::ceil(seconds_of(duration) - 1e-9)));
}

std::uint64_t errors_of(const Tally& tally) noexcept {
    return std::accumulate(tally.failures.begin(), tally.failures.end(), std::uint64_t{0});
}

std::uint64_t unexpected_of(const Tally& tally) noexcept {
    return tally.failures[static_cast<std::size_t>(Failure::unexpected)];
}

bool could_be(const Tally& tally) noexcept {
    using stats::Histogram;
    return tally.failures[0] == 0 && unexpected_of(tally) <= tally.answered &&
           Histogram::could_give(tally.response) && Histogram::could_give(tally.service) &&
           Histogram::could_give(tally.first_byte) && Histogram::could_give(tally.failed);
}

}  // namespace

Collector::Collector(const plan::Plan& plan)
    : plan_(plan), measured_(seconds_in(plan.load.duration)), endpoints_(plan.endpoints.size()) {}

bool Collector::fits(const Interval& interval) const noexcept {
    return interval.endpoints.size() == endpoints_.size() && interval.second <= measured_ &&
           interval.worker < kMostWorkers && std::isfinite(interval.cpu) && interval.cpu >= 0 &&
           stats::Histogram::could_give(interval.late) && stats::Histogram::could_give(interval.blocked) &&
           std::all_of(interval.endpoints.begin(), interval.endpoints.end(), could_be);
}

bool Collector::add(const Interval& interval) {
    const std::lock_guard lock(mutex_);
    if (!fits(interval)) return false;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        const Tally& tally = interval.endpoints[i];
        endpoints_[i].add(tally);
        if (interval.second >= measured_) endpoints_[i].behind += tally.answered - unexpected_of(tally);
    }
    self_.opened += interval.opened;
    self_.late.add(interval.late);
    self_.blocked.add(interval.blocked);
    add_second(interval);
    return true;
}

void Collector::add_second(const Interval& interval) {
    const bool behind = interval.second >= measured_;
    if (behind && !behind_) behind_.emplace();
    if (!behind && seconds_.size() <= interval.second) seconds_.resize(std::size_t{interval.second} + 1);
    Second& second = behind ? *behind_ : seconds_[interval.second];
    for (const Tally& tally : interval.endpoints) {
        second.due += tally.due;
        second.answered += tally.answered;
        second.errors += errors_of(tally);
        for (const auto& [status, count] : tally.statuses) second.statuses[status] += count;
        second.response.add(tally.response);
        second.service.add(tally.service);
    }
    second.in_flight += interval.in_flight;
    second.cpu += interval.cpu;

    if (worker_cpu_.size() <= interval.worker) worker_cpu_.resize(std::size_t{interval.worker} + 1);
    std::vector<double>& cpu = worker_cpu_[interval.worker];
    if (cpu.size() <= interval.second) cpu.resize(std::size_t{interval.second} + 1);
    cpu[interval.second] += interval.cpu;
}

std::vector<Second> Collector::series(std::size_t from) const {
    std::vector<Second> out(seconds_.begin() + static_cast<std::ptrdiff_t>(from), seconds_.end());
    if (behind_) out.push_back(*behind_);
    return out;
}

// CPU seconds of the worker that had most, in the seconds [from, to).
double Collector::busiest(std::size_t from, std::size_t to) const noexcept {
    double most = 0;
    for (const std::vector<double>& cpu : worker_cpu_) {
        double seconds = 0;
        for (std::size_t i = from; i < std::min(to, cpu.size()); ++i) seconds += cpu[i];
        most = std::max(most, seconds);
    }
    return most;
}

Collector::Progress Collector::progress() const {
    Progress out;
    {
        const std::lock_guard lock(mutex_);
        out.endpoints = endpoints_;
        out.first = seconds_.size() - std::min(seconds_.size(), kWatched);
        out.seconds = series(out.first);
        out.self = self_;
        const std::size_t growing = behind_ ? 1 : 2;
        const std::size_t complete = seconds_.size() - std::min(seconds_.size(), growing);
        out.self.busiest = std::min(busiest(complete, complete + 1), 1.0);
        out.self.wall = static_cast<double>(seconds_.size());
        for (const Second& second : seconds_) out.self.cpu += second.cpu;
    }
    for (const Sum& endpoint : out.endpoints) out.all.add(endpoint);
    return out;
}

Result Collector::result(std::string started, double wall, double cpu) const {
    Result out;
    out.plan = plan_;
    out.started = std::move(started);
    {
        const std::lock_guard lock(mutex_);
        out.endpoints = endpoints_;
        out.seconds = series(0);
        out.self = self_;
        if (wall > 0) out.self.busiest = std::min(busiest(0, measured_) / wall, 1.0);
    }
    for (const Sum& endpoint : out.endpoints) out.all.add(endpoint);
    out.self.wall = wall;
    out.self.cpu = cpu;
    return out;
}

}  // namespace loadgen::result
