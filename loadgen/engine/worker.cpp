#include "loadgen/engine/worker.hpp"

#include <sys/prctl.h>

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "loadgen/engine/echo_channel.hpp"
#include "loadgen/engine/http_channel.hpp"

namespace loadgen::engine {

namespace asio = boost::asio;
using result::Failure;

namespace {

constexpr Nanoseconds kTick = std::chrono::milliseconds(20);
// So many are sent before answers are looked at again.
constexpr int kBatch = 64;
// The target is hopelessly behind, and memory is finite: what is due beyond is left in the schedule.
constexpr std::size_t kMostWaiting = 5'000'000;
// At the end each of so many that nobody came to is counted by itself, a fraction of a second's work, and
// those beyond in slices of the time.
constexpr std::size_t kMostByThemselves = 2'000'000;
constexpr int kSlices = 1000;

bool not_connected(Failure failure) {
    return failure == Failure::refused || failure == Failure::tls || failure == Failure::local;
}

}  // namespace

Worker::Worker(const plan::Plan& plan, Targets& targets, const std::vector<Prepared>& prepared,
               const Recorder::Sink& sink, Share share)
    : plan_(plan),
      closed_(plan.load.model == plan::Model::closed),
      share_(share),
      line_{io_, targets, prepared, *this},
      pool_(share.connections),
      recorder_(plan, static_cast<std::uint32_t>(share.index), sink),
      schedule_(plan.load, plan.load.part + plan.load.parts * share.index, plan.load.parts * share.workers),
      mix_(plan.endpoints, plan.load.seed) {}

void Worker::run(Moment start, const std::atomic<int>& stops) {
    // The kernel may let sleepers sleep 50 µs longer than asked, unless told otherwise.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    stops_ = &stops;
    start_ = start;
    measured_ = start + plan_.load.warm_up;
    end_ = measured_ + plan_.load.duration;
    recorder_.begin(measured_);
    due_timer_.expires_at(start_);
    due_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        if (closed_) return begin_closed();
        next_ = schedule_.next();
        send_due();
    });
    wait_for_tick();
    io_.run();
    recorder_.finish(pool_.all_busy().size());
}

// --- Open model: by the schedule

void Worker::wait_for_due() {
    due_timer_.expires_at(start_ + next_->at);
    due_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) send_due();
    });
}

void Worker::send_due() {
    for (int sent = 0; more_due(); ++sent) {
        const Moment now = Clock::now();
        if (start_ + next_->at > now) return wait_for_due();
        full_ = waiting_.size() >= kMostWaiting;
        if (full_) return;
        if (sent == kBatch) return asio::post(io_, [this] { send_due(); });
        Job job = take(now);
        if (!waiting_.empty() || !hand(job, now, false)) waiting_.push_back(job);
    }
    if (over()) io_.stop();
}

// The next of the schedule. It is late by the generator's fault, unless it was left there for want of room.
Job Worker::take(Moment now) {
    Job job{.number = next_->number, .due = start_ + next_->at};
    job.taken = full_ || job.due < unfull_ ? job.due : now;
    job.endpoint = static_cast<std::uint32_t>(mix_.pick(job.number));
    next_ = schedule_.next();
    recorder_.turn(now, pool_.all_busy().size());
    recorder_.taken(job);
    return job;
}

// --- Closed model: as many users as connections, each with one request at a time

void Worker::begin_closed() {
    const Moment now = Clock::now();
    for (std::size_t user = 0; user < share_.connections; ++user) send_next(now);
}

void Worker::send_next(Moment now) {
    Job job{.due = now, .taken = now};
    job.number = plan_.load.part + plan_.load.parts * (share_.index + share_.workers * closed_sent_++);
    job.endpoint = static_cast<std::uint32_t>(mix_.pick(job.number));
    recorder_.taken(job);
    hand(job, now, false);
}

// --- Both

// False when there is no connection for it now.
bool Worker::hand(Job& job, Moment now, bool waited) {
    const Prepared& prepared = line_.prepared[job.endpoint];
    ChannelPtr channel = prepared.endpoint->fresh_connection ? ChannelPtr() : pool_.take_idle(prepared.pool);
    if (!channel) {
        if (!pool_.room()) return false;
        channel = prepared.endpoint->kind == plan::Kind::websocket ? make_echo_channel(line_, prepared)
                                                                   : make_http_channel(line_, prepared);
    }
    if (!job.again) {
        job.handed = now;
        recorder_.handed(job, waited);
    }
    Channel& started = *channel;
    pool_.busy(std::move(channel));
    started.start(job);
    return true;
}

void Worker::opened(Nanoseconds took) {
    recorder_.turn(Clock::now(), pool_.all_busy().size());
    recorder_.opened(took);
}

void Worker::ended(Channel& channel, const Ended& ended, bool open) {
    ChannelPtr kept = pool_.release(channel);
    Job job = channel.job();
    if (ended.stale && !job.again && idempotent(plan_.endpoints[job.endpoint])) {
        // Its idle connection had been closed: not the answer's fault. Once more, on another.
        job.again = true;
        recorder_.turn(ended.at, pool_.all_busy().size());
        recorder_.again(job);
        pool_.close_idle();
        hand(job, ended.at, false);
        return;
    }
    recorder_.turn(ended.at, pool_.all_busy().size());
    recorder_.ended(job, ended);
    if (open) pool_.idle(std::move(kept));
    go_on(ended);
}

// A connection has become free.
void Worker::go_on(const Ended& ended) {
    if (closed_) {
        if (ending_ || ended.at >= end_) {
            begin_end();
        } else if (not_connected(ended.failure)) {
            ++resting_;  // until the next tick: nobody is served by a thousand refusals a second
        } else {
            send_next(ended.at);
        }
    } else if (!waiting_.empty()) {
        const Moment now = Clock::now();
        Job job = waiting_.front();
        waiting_.pop_front();
        hand(job, now, true);
        if (std::exchange(full_, false)) {
            unfull_ = now;
            asio::post(io_, [this] { send_due(); });
        }
    }
    if (over()) io_.stop();
}

// --- Time

void Worker::wait_for_tick() {
    tick_timer_.expires_after(kTick);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void Worker::tick() {
    const Moment now = Clock::now();
    recorder_.ticked(now - tick_timer_.expiry());
    recorder_.turn(now, pool_.all_busy().size());
    check_timeouts(now);
    for (std::size_t users = std::exchange(resting_, 0); users > 0 && !ending_ && now < end_; --users)
        send_next(now);
    const int stops = stops_->load(std::memory_order_relaxed);
    if (stops > 0) cut(now);
    if (now >= end_) begin_end();
    if (stops > 1 || now >= end_ + plan_.load.timeout) give_up();
    if (over()) return io_.stop();
    wait_for_tick();
}

void Worker::check_timeouts(Moment now) {
    std::vector<ChannelPtr> late;
    for (const ChannelPtr& channel : pool_.all_busy())
        if (now - channel->job().handed > plan_.load.timeout) late.push_back(channel);
    for (const ChannelPtr& channel : late) channel->abort(Failure::timeout);
}

// Interrupted: the run is as long as it has been until now.
void Worker::cut(Moment now) {
    if (now >= end_) return;
    end_ = now;
    recorder_.cut(now, pool_.all_busy().size());
}

void Worker::begin_end() {
    if (std::exchange(ending_, true) || more_due()) return;
    due_timer_.cancel();
    pool_.close_idle();
}

void Worker::give_up() {
    const std::vector<ChannelPtr> open = pool_.all_busy();
    const Moment now = Clock::now();
    for (const Job& job : std::exchange(waiting_, {}))
        recorder_.ended(job, {.failure = Failure::unsent, .at = now});
    pass_over(now);
    for (const ChannelPtr& channel : open) channel->abort(Failure::unanswered);
}

// What has become due and was left in the schedule until now: that the generator did not come to it is no
// reason for it not to be told of.
void Worker::pass_over(Moment now) {
    for (std::size_t count = 0; more_due(); ++count) {
        if (count == kMostByThemselves) pass_over_in_bulk(now);
        const Job job = take(now);
        recorder_.ended(job, {.failure = Failure::unsent, .at = now});
    }
    next_.reset();
}

void Worker::pass_over_in_bulk(Moment now) {
    const Nanoseconds first = std::max(next_->at, measured_ - start_);
    const Nanoseconds all = end_ - start_ - first;
    schedule_.pass(first);
    for (int slice = 0; slice < kSlices && all > Nanoseconds::zero(); ++slice) {
        const Nanoseconds until = first + all / kSlices * (slice + 1);
        const auto counts = mix_.split(schedule_.pass(until));
        const Nanoseconds ago = now - start_ - until + all / kSlices / 2;
        for (std::size_t i = 0; i < counts.size(); ++i) recorder_.passed_over(i, counts[i], ago, !full_);
    }
}

bool Worker::over() const {
    return ending_ && pool_.all_busy().empty() && waiting_.empty() && !more_due();
}

}  // namespace loadgen::engine
