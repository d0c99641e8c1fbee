// One thread of the generator: its part of the schedule, its connections, its books.
//
// Threads: run() is the thread; stop() may be called from any. Lifetime: one run.
// Cannot: catch up by skipping: what is late is sent late, and its latency counts from when it was due.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <optional>

#include "loadgen/engine/channel.hpp"
#include "loadgen/engine/line.hpp"
#include "loadgen/engine/pool.hpp"
#include "loadgen/engine/recorder.hpp"
#include "loadgen/plan/mix.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/plan/schedule.hpp"

namespace loadgen::engine {

class Worker final : private Owner {
  public:
    struct Share {
        std::size_t index;        // of this worker
        std::size_t workers;      // in this process
        std::size_t connections;  // that are its own
    };

    Worker(const plan::Plan& plan, Targets& targets, const std::vector<Prepared>& prepared,
           const Recorder::Sink& sink, Share share);

    // Until the duration is over and the last answers are in. The process's interrupt is `stops`: 1 ends the
    // measured time now, and what is due by then has as long as at any other end; 2 ends all.
    void run(Moment start, const std::atomic<int>& stops);

  private:
    // Owner
    void opened(Nanoseconds took) override;
    void ended(Channel& channel, const Ended& ended, bool open) override;
    void closed(Channel& channel) override { pool_.forget(channel); }

    bool more_due() const { return next_ && start_ + next_->at < end_; }
    void wait_for_due();
    void send_due();
    Job take(Moment now);
    void begin_closed();
    void send_next(Moment now);
    bool hand(Job& job, Moment now, bool waited);
    void go_on(const Ended& ended);
    void wait_for_tick();
    void tick();
    void check_timeouts(Moment now);
    void cut(Moment now);
    void begin_end();
    void give_up();
    void pass_over(Moment now);
    void pass_over_in_bulk(Moment now);
    bool over() const;

    const plan::Plan& plan_;
    const bool closed_;
    Share share_;
    boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    Line line_;
    Pool pool_;
    Recorder recorder_;
    plan::Schedule schedule_;
    plan::Mix mix_;
    boost::asio::steady_timer due_timer_{io_};
    boost::asio::steady_timer tick_timer_{io_};
    const std::atomic<int>* stops_ = nullptr;
    Moment start_, measured_, end_;
    std::optional<plan::Schedule::Due> next_;
    std::uint64_t closed_sent_ = 0;
    std::deque<Job> waiting_;  // due, but no connection is free
    bool full_ = false;        // no more of them are taken from the schedule until some have gone
    Moment unfull_{};          // since when they are again
    std::size_t resting_ = 0;  // closed model: users whose connection was refused
    bool ending_ = false;
};

}  // namespace loadgen::engine
