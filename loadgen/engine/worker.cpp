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
// Beyond, requests are given up as unsent: the target is hopelessly behind, and memory is finite.
constexpr std::size_t kMostWaiting = 5'000'000;

bool no_connection(Failure failure) {
    return failure == Failure::refused || failure == Failure::tls;
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
    if (!next_ || ending_) return;
    due_timer_.expires_at(start_ + next_->at);
    due_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) send_due();
    });
}

void Worker::send_due() {
    for (int sent = 0; next_ && !ending_; ++sent) {
        const Moment due = start_ + next_->at;
        const Moment now = Clock::now();
        if (due > now) return wait_for_due();
        if (sent == kBatch) return asio::post(io_, [this] { send_due(); });
        Job job{.number = next_->number, .due = due};
        job.endpoint = static_cast<std::uint32_t>(mix_.pick(job.number));
        next_ = schedule_.next();
        recorder_.turn(now, pool_.all_busy().size());
        recorder_.due(job);
        if (waiting_.empty() && hand(job, now, false)) continue;
        if (waiting_.size() < kMostWaiting) {
            waiting_.push_back(job);
        } else {
            recorder_.ended(job, {.failure = Failure::unsent, .at = now});
        }
    }
}

// --- Closed model: as many users as connections, each with one request at a time

void Worker::begin_closed() {
    const Moment now = Clock::now();
    for (std::size_t user = 0; user < share_.connections; ++user) send_next(now);
}

void Worker::send_next(Moment now) {
    Job job{.due = now};
    job.number = plan_.load.part + plan_.load.parts * (share_.index + share_.workers * closed_sent_++);
    job.endpoint = static_cast<std::uint32_t>(mix_.pick(job.number));
    recorder_.due(job);
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

void Worker::ended(Channel& channel, const Ended& ended, bool open) {
    ChannelPtr kept = pool_.release(channel);
    Job job = channel.job();
    if (ended.stale && !job.again && idempotent(plan_.endpoints[job.endpoint])) {
        // Its idle connection had been closed: not the answer's fault. Once more, on another.
        job.again = true;
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
        } else if (no_connection(ended.failure)) {
            ++resting_;  // until the next tick: nobody is served by a thousand refusals a second
        } else {
            send_next(ended.at);
        }
    } else if (!waiting_.empty()) {
        Job job = waiting_.front();
        waiting_.pop_front();
        hand(job, Clock::now(), true);
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
    if (std::exchange(ending_, true)) return;
    due_timer_.cancel();
    pool_.close_idle();
}

void Worker::give_up() {
    const std::vector<ChannelPtr> open = pool_.all_busy();
    const Moment now = Clock::now();
    for (const Job& job : std::exchange(waiting_, {}))
        recorder_.ended(job, {.failure = Failure::unsent, .at = now});
    for (const ChannelPtr& channel : open) channel->abort(Failure::unanswered);
}

bool Worker::over() const {
    return ending_ && pool_.all_busy().empty() && waiting_.empty();
}

}  // namespace loadgen::engine
