#include "loadgen/result/collector.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace loadgen::result {

namespace {

constexpr std::size_t kLongestText = 100;

std::uint32_t seconds_in(Nanoseconds duration) {
    return static_cast<std::uint32_t>(std::max(0.0, std::ceil(seconds_of(duration) - 1e-9)));
}

std::uint64_t errors_of(const Tally& tally) noexcept {
    return std::accumulate(tally.failures.begin(), tally.failures.end(), std::uint64_t{0});
}

std::uint64_t unexpected_of(const Tally& tally) noexcept {
    return tally.failures[static_cast<std::size_t>(Failure::unexpected)];
}

bool is_span(double seconds) noexcept {
    return std::isfinite(seconds) && seconds >= 0;
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
           interval.worker < kMostWorkers && is_span(interval.cpu) && is_span(interval.waited) &&
           is_span(interval.stalled) && stats::Histogram::could_give(interval.late) &&
           stats::Histogram::could_give(interval.blocked) && stats::Histogram::could_give(interval.connect) &&
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
    self_.missed += interval.missed;
    self_.late.add(interval.late);
    self_.blocked.add(interval.blocked);
    self_.connect.add(interval.connect);
    add_texts(interval);
    add_second(interval);
    return true;
}

// The first of each kind stays. They may come from far away, and go to a terminal.
void Collector::add_texts(const Interval& interval) {
    for (const auto& [failure, text] : interval.texts) {
        if (text.empty() || failure == Failure::none) continue;
        std::string& kept = self_.texts[failure];
        if (!kept.empty()) continue;
        kept = text.substr(0, kLongestText);
        for (char& letter : kept)
            if (letter < ' ' || letter > '~') letter = '?';
    }
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

    if (used_.size() <= interval.worker) used_.resize(std::size_t{interval.worker} + 1);
    std::vector<Used>& used = used_[interval.worker];
    if (used.size() <= interval.second) used.resize(std::size_t{interval.second} + 1);
    used[interval.second].cpu += interval.cpu;
    used[interval.second].waited += interval.waited;
    used[interval.second].stalled += interval.stalled;
}

std::vector<Second> Collector::series(std::size_t from) const {
    std::vector<Second> out(seconds_.begin() + static_cast<std::ptrdiff_t>(from), seconds_.end());
    if (behind_) out.push_back(*behind_);
    return out;
}

// Of the worker that had most of it, in the seconds [from, to).
double Collector::most(double Used::* what, std::size_t from, std::size_t to) const noexcept {
    double highest = 0;
    for (const std::vector<Used>& used : used_) {
        double seconds = 0;
        for (std::size_t i = from; i < std::min(to, used.size()); ++i) seconds += used[i].*what;
        highest = std::max(highest, seconds);
    }
    return highest;
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
        out.self.busiest = std::min(most(&Used::cpu, complete, complete + 1), 1.0);
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
        const auto share = [&](double Used::* what) {
            return wall > 0 ? std::min(most(what, 0, measured_) / wall, 1.0) : 0.0;
        };
        out.self.busiest = share(&Used::cpu);
        out.self.waited = share(&Used::waited);
        out.self.stalled = share(&Used::stalled);
    }
    for (const Sum& endpoint : out.endpoints) out.all.add(endpoint);
    out.self.wall = wall;
    out.self.cpu = cpu;
    return out;
}

}  // namespace loadgen::result
