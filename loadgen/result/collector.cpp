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

template <typename Second>
void count_in(const Interval& interval, Second& second) {
    for (const Tally& tally : interval.endpoints) {
        second.due += tally.due;
        second.answered += tally.answered;
        second.errors += errors_of(tally);
        for (const auto& [status, count] : tally.statuses) second.statuses[status] += count;
    }
    second.in_flight += interval.in_flight;
    second.cpu += interval.cpu;
}

template <typename To, typename From>
SecondWith<To> without_latencies(const SecondWith<From>& of) {
    return {of.due, of.answered, of.errors, of.statuses, of.in_flight, {}, {}, of.cpu};
}

// Of a second whose cells are gone: a worker was minutes behind the others. Percentiles without its part
// would be wrong.
void add_late(const stats::Cells& cells, Brief& brief) {
    if (cells.total == 0) return;
    brief = {brief.total + cells.total, {}, {}, {}, std::max(brief.most, cells.most)};
}

std::size_t cells_in(const Stretch& stretch) noexcept {
    return stretch.response.counts.size() + stretch.service.counts.size();
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
    stats::Cells response;
    stats::Cells service;
    for (const Tally& tally : interval.endpoints) {
        response.add(tally.response);
        service.add(tally.service);
    }
    if (interval.second < measured_) {
        reach(interval.second);
        count_in(interval, seconds_[interval.second]);
        add_latencies(interval.second, response, service);
    } else {
        if (!behind_) behind_.emplace();
        count_in(interval, *behind_);
        behind_->response.add(response);
        behind_->service.add(service);
    }

    if (used_.size() <= interval.worker) used_.resize(std::size_t{interval.worker} + 1);
    std::vector<Used>& used = used_[interval.worker];
    if (used.size() <= interval.second) used.resize(std::size_t{interval.second} + 1);
    used[interval.second].cpu += interval.cpu;
    used[interval.second].waited += interval.waited;
    used[interval.second].stalled += interval.stalled;
}

// Up to this second there is room; of those that are no longer among the last, the percentiles are taken.
void Collector::reach(std::size_t second) {
    while (seconds_.size() <= second) {
        seconds_.emplace_back();
        recent_.emplace_back();
        if (recent_.size() <= kWatched) continue;
        Second& settled = seconds_[seconds_.size() - recent_.size()];
        settled.response = brief_of(recent_.front().response);
        settled.service = brief_of(recent_.front().service);
        recent_.pop_front();
    }
}

void Collector::add_latencies(std::uint32_t second, const stats::Cells& response,
                              const stats::Cells& service) {
    const std::size_t settled = seconds_.size() - recent_.size();
    if (second >= settled) {
        recent_[second - settled].response.add(response);
        recent_[second - settled].service.add(service);
    } else {
        add_late(response, seconds_[second].response);
        add_late(service, seconds_[second].service);
    }
    while (second / width_ >= kMostStretches) fold();
    while (stretches_.size() <= second / width_)
        stretches_.push_back({static_cast<std::uint32_t>(stretches_.size()) * width_, width_, {}, {}});
    Stretch& stretch = stretches_[second / width_];
    cells_ -= cells_in(stretch);
    stretch.response.add(response);
    stretch.service.add(service);
    cells_ += cells_in(stretch);
    while (cells_ > kMostCells && stretches_.size() > kFewestStretches) fold();
}

// Each two neighbours become one.
void Collector::fold() {
    width_ *= 2;
    cells_ = 0;
    std::vector<Stretch> folded;
    folded.reserve(stretches_.size() / 2 + 1);
    for (Stretch& stretch : stretches_) {
        if (stretch.first % width_ == 0) {
            folded.push_back(std::move(stretch));
            folded.back().length = width_;
        } else {
            folded.back().response.add(stretch.response);
            folded.back().service.add(stretch.service);
        }
        stretch = {};
    }
    stretches_ = std::move(folded);
    for (Stretch& stretch : stretches_) {
        stretch.response.counts.shrink_to_fit();
        stretch.service.counts.shrink_to_fit();
        cells_ += cells_in(stretch);
    }
}

std::vector<RecentSecond> Collector::recent() const {
    std::vector<RecentSecond> out;
    const std::size_t first = seconds_.size() - recent_.size();
    for (std::size_t i = 0; i < recent_.size(); ++i) {
        out.push_back(without_latencies<stats::Cells>(seconds_[first + i]));
        out.back().response = recent_[i].response;
        out.back().service = recent_[i].service;
    }
    if (behind_) out.push_back(*behind_);
    return out;
}

std::vector<Second> Collector::series() const {
    std::vector<Second> out = seconds_;
    const std::size_t first = out.size() - recent_.size();
    for (std::size_t i = 0; i < recent_.size(); ++i) {
        out[first + i].response = brief_of(recent_[i].response);
        out[first + i].service = brief_of(recent_[i].service);
    }
    if (!behind_) return out;
    out.push_back(without_latencies<Brief>(*behind_));
    out.back().response = brief_of(behind_->response);
    out.back().service = brief_of(behind_->service);
    return out;
}

std::vector<Stretch> Collector::all_stretches() const {
    std::vector<Stretch> out = stretches_;
    const auto seconds = static_cast<std::uint32_t>(seconds_.size());
    if (!out.empty()) out.back().length = seconds - out.back().first;
    if (behind_) out.push_back({seconds, 1, behind_->response, behind_->service});
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
        out.first = seconds_.size() - recent_.size();
        out.seconds = recent();
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
        out.seconds = series();
        out.stretches = all_stretches();
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
