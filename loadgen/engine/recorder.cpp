#include "loadgen/engine/recorder.hpp"

#include <algorithm>
#include <utility>

#include "loadgen/engine/targets.hpp"

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

// A tick that is late by less is nothing to speak of: a CPU is shared in slices of some milliseconds.
constexpr Nanoseconds kPunctual = std::chrono::milliseconds(10);

stats::Cells cells_taken(stats::Histogram& histogram) {
    stats::Cells cells = histogram.cells();
    histogram.reset();
    return cells;
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
    turns_ = measured;
    used_ = thread_usage();
}

// From here on what the thread uses counts: the warm-up's part of it is not what was measured.
void Recorder::measure() noexcept {
    measuring_ = true;
    used_ = thread_usage();
    stalled_ = {};
    opened_ = 0;
    connect_.reset();
}

void Recorder::taken(const Job& job) {
    if (!counts(job)) return;
    ++pages_[job.endpoint].due;
    if (!closed_) late_.record(job.taken - job.due);
}

void Recorder::handed(const Job& job, bool waited) {
    if (!counts(job)) return;
    // Behind the measured time it is too late to count as delivered.
    if (job.handed < end_) {
        ++pages_[job.endpoint].sent;
    } else {
        missed(job, job.handed);
    }
    if (waited) blocked_.record(job.handed - job.taken);
}

void Recorder::again(const Job& job) {
    if (counts(job)) ++pages_[job.endpoint].again;
}

void Recorder::opened(Nanoseconds took) {
    ++opened_;
    connect_.record(took);
}

void Recorder::ended(const Job& job, const Ended& ended) {
    if (!counts(job)) return;
    Page& page = pages_[job.endpoint];
    page.bytes_in += ended.bytes_in;
    page.bytes_out += ended.bytes_out;
    if (ended.status > 0 && ended.status < 1000) ++page.statuses[static_cast<std::size_t>(ended.status)];
    if (ended.failure == Failure::none || ended.failure == Failure::unexpected) ++page.answered;
    const plan::Endpoint& endpoint = plan_.endpoints[job.endpoint];
    const Nanoseconds response = ended.at - job.due;
    // An answer that comes too late is not as expected, but without its latency the tail would look good.
    const bool late = ended.failure == Failure::none && response > endpoint.expect.within.value_or(response);
    const Failure failure = late ? Failure::unexpected : ended.failure;
    if (failure != Failure::none) note(failure, ended);
    if (ended.failure == Failure::none || given_up(ended.failure)) {
        if (!closed_) page.response.record(response);
        if (ended.failure != Failure::unsent) page.service.record(ended.at - job.handed);
    } else {
        page.failed.record(response);
    }
    if (ended.failure == Failure::unsent) unsent(job, ended.at);
    if (failure == Failure::none && endpoint.first_byte)
        page.first_byte.record(ended.first_byte - job.handed);
    if (failure != Failure::none) ++page.failures[static_cast<std::size_t>(failure)];
}

void Recorder::unsent(const Job& job, Moment at) {
    missed(job, at);
    if (at > job.taken) blocked_.record(at - job.taken);
}

// Whose fault it is that a request did not go out in time: where more of the time was lost.
void Recorder::missed(const Job& job, Moment until) noexcept {
    if (!closed_ && job.taken - job.due >= until - job.taken) ++missed_;
}

// The system's words for the first failure of each kind.
void Recorder::note(Failure failure, const Ended& ended) {
    if (!ended.error || std::exchange(noted_[static_cast<std::size_t>(failure)], true)) return;
    texts_.emplace(failure, words_of(ended.error));
}

void Recorder::passed_over(std::size_t endpoint, std::uint64_t count, Nanoseconds ago, bool own) {
    if (count == 0) return;
    ago = std::min(ago, stats::Histogram::kHighest);
    Page& page = pages_[endpoint];
    page.due += count;
    page.failures[static_cast<std::size_t>(Failure::unsent)] += count;
    const stats::Cells cells{{{static_cast<std::uint32_t>(stats::Histogram::cell_of(ago)), count}},
                             ago,
                             ago,
                             seconds_of(ago) * static_cast<double>(count),
                             count};
    page.response.add(cells);
    (own ? late_ : blocked_).add(cells);
    if (own) missed_ += count;
}

void Recorder::ticked(Nanoseconds late) noexcept {
    if (late > kPunctual) stalled_ += late;
}

void Recorder::next_second(Moment now, std::uint64_t in_flight) {
    if (measuring_) return hand_over(now, in_flight);
    measure();
    turns_ = std::min(end_, measured_ + std::chrono::seconds(1));
    if (now >= turns_) hand_over(now, in_flight);
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
    if (!measuring_) measure();
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
    interval.missed = std::exchange(missed_, 0);
    interval.endpoints.reserve(pages_.size());
    for (Page& page : pages_) interval.endpoints.push_back(tally_of(page));
    interval.late = cells_taken(late_);
    interval.blocked = cells_taken(blocked_);
    interval.connect = cells_taken(connect_);
    interval.texts = std::exchange(texts_, {});
    const Usage used = thread_usage();
    interval.cpu = used.cpu - used_.cpu;
    interval.waited = std::max(0.0, used.waited - used_.waited);
    interval.stalled = seconds_of(std::exchange(stalled_, {}));
    used_ = used;
    sink_(std::move(interval));
}

result::Tally Recorder::tally_of(Page& page) {
    result::Tally tally;
    tally.due = std::exchange(page.due, 0);
    tally.sent = std::exchange(page.sent, 0);
    tally.again = std::exchange(page.again, 0);
    tally.answered = std::exchange(page.answered, 0);
    tally.failures = std::exchange(page.failures, {});
    tally.bytes_in = std::exchange(page.bytes_in, 0);
    tally.bytes_out = std::exchange(page.bytes_out, 0);
    for (std::size_t status = 0; status < page.statuses.size(); ++status)
        if (const auto count = std::exchange(page.statuses[status], 0); count > 0)
            tally.statuses[static_cast<int>(status)] = count;
    tally.response = cells_taken(page.response);
    tally.service = cells_taken(page.service);
    tally.first_byte = cells_taken(page.first_byte);
    tally.failed = cells_taken(page.failed);
    return tally;
}

}  // namespace loadgen::engine
