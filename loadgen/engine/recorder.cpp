#include "loadgen/engine/recorder.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace loadgen::engine {

using result::Failure;

namespace {

std::uint32_t seconds_in(Nanoseconds duration) {
    return static_cast<std::uint32_t>((duration + std::chrono::seconds(1) - Nanoseconds(1)) /
                                      std::chrono::seconds(1));
}

// Given up by us, not answered: how long it had taken until then is the least that it would have taken.
bool given_up(Failure failure) {
    return failure == Failure::timeout || failure == Failure::unanswered || failure == Failure::unsent;
}

}  // namespace

Recorder::Recorder(const plan::Plan& plan, std::uint32_t worker, const Sink& sink)
    : plan_(plan),
      sink_(sink),
      worker_(worker),
      last_(seconds_in(plan.load.duration)),
      closed_(plan.load.model == plan::Model::closed),
      pages_(plan.endpoints.size()) {}

void Recorder::begin(Moment measured) noexcept {
    measured_ = measured;
    end_ = measured + plan_.load.duration;
    turns_ = std::min(end_, measured + std::chrono::seconds(1));
    cpu_ = thread_cpu();
}

void Recorder::due(const Job& job) {
    if (counts(job)) ++pages_[job.endpoint].due;
}

void Recorder::handed(const Job& job, bool waited) {
    if (!counts(job)) return;
    // Behind the measured time it is too late to count as delivered.
    if (job.handed < end_) ++pages_[job.endpoint].sent;
    if (!closed_) (waited ? blocked_ : late_).record(job.handed - job.due);
}

void Recorder::ended(const Job& job, const Ended& ended) {
    if (!counts(job)) return;
    Page& page = pages_[job.endpoint];
    page.bytes_in += ended.bytes_in;
    page.bytes_out += ended.bytes_out;
    if (ended.status > 0 && ended.status < 1000) ++page.statuses[static_cast<std::size_t>(ended.status)];
    const bool answered = ended.failure == Failure::none || ended.failure == Failure::unexpected;
    if (answered) ++page.answered;
    const plan::Endpoint& endpoint = plan_.endpoints[job.endpoint];
    const Nanoseconds response = ended.at - job.due;
    // An answer that comes too late is not as expected, but without its latency the tail would look good.
    const bool late = ended.failure == Failure::none && response > endpoint.expect.within.value_or(response);
    const Failure failure = late ? Failure::unexpected : ended.failure;
    if (failure != Failure::none) ++page.failures[static_cast<std::size_t>(failure)];
    if (ended.failure == Failure::unexpected) {
        page.failed.record(response);
    } else if (answered || given_up(ended.failure)) {
        page.response.record(response);
        if (ended.failure != Failure::unsent) page.service.record(ended.at - job.handed);
    }
    if (failure == Failure::none && endpoint.first_byte)
        page.first_byte.record(ended.first_byte - job.handed);
}

void Recorder::hand_over(Moment now, std::uint64_t in_flight) {
    flush(in_flight);
    if (now >= end_) {
        // Also when the last second is not a whole one: what ends from here on was not in time.
        second_ = last_;
        turns_ = Moment::max();
        return;
    }
    second_ = static_cast<std::uint32_t>((now - measured_) / std::chrono::seconds(1));
    turns_ = std::min(end_, measured_ + std::chrono::seconds(second_ + 1));
}

void Recorder::cut(Moment now, std::uint64_t in_flight) {
    if (now >= end_) return;
    end_ = now;
    hand_over(now, in_flight);
}

void Recorder::finish(std::uint64_t in_flight) {
    if (measured_ != Moment::max()) flush(in_flight);
}

void Recorder::flush(std::uint64_t in_flight) {
    result::Interval interval;
    interval.second = second_;
    interval.worker = worker_;
    interval.in_flight = in_flight;
    interval.opened = std::exchange(opened_, 0);
    interval.endpoints.reserve(pages_.size());
    for (Page& page : pages_) interval.endpoints.push_back(tally_of(page));
    interval.late = late_.cells();
    interval.blocked = blocked_.cells();
    late_.reset();
    blocked_.reset();
    const double cpu = thread_cpu();
    interval.cpu = cpu - std::exchange(cpu_, cpu);
    sink_(std::move(interval));
}

result::Tally Recorder::tally_of(Page& page) {
    result::Tally tally;
    tally.due = std::exchange(page.due, 0);
    tally.sent = std::exchange(page.sent, 0);
    tally.answered = std::exchange(page.answered, 0);
    tally.failures = std::exchange(page.failures, {});
    tally.bytes_in = std::exchange(page.bytes_in, 0);
    tally.bytes_out = std::exchange(page.bytes_out, 0);
    for (std::size_t status = 0; status < page.statuses.size(); ++status)
        if (const auto count = std::exchange(page.statuses[status], 0); count > 0)
            tally.statuses[static_cast<int>(status)] = count;
    const auto take = [](stats::Histogram& histogram) {
        stats::Cells cells = histogram.cells();
        histogram.reset();
        return cells;
    };
    tally.response = take(page.response);
    tally.service = take(page.service);
    tally.first_byte = take(page.first_byte);
    tally.failed = take(page.failed);
    return tally;
}

double thread_cpu() noexcept {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace loadgen::engine
