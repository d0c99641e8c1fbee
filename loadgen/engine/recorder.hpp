// A worker's books of the current second, as dense histograms; each second they leave as an Interval.
//
// Threads: the worker's. Lifetime: the worker's. Cannot: say anything about seconds that it has handed over.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "loadgen/engine/job.hpp"
#include "loadgen/engine/usage.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::engine {

class Recorder {
  public:
    using Sink = std::function<void(result::Interval&&)>;
    Recorder(const plan::Plan& plan, std::uint32_t worker, const Sink& sink);

    // The measured time begins at `measured`; what was due before (closed model: handed over) is not
    // recorded, nor is what the thread has used until then.
    void begin(Moment measured) noexcept;

    // From the schedule (closed model: by a user).
    void taken(const Job& job);
    // To a connection: `waited` says that none had been free when it was taken.
    void handed(const Job& job, bool waited);
    // A second time: the idle connection it went out on had been closed.
    void again(const Job& job);
    void opened(Nanoseconds took);
    void ended(const Job& job, const Ended& ended);
    // So many that were due so long ago, and will not be sent. `own`: the generator had not come to them;
    // otherwise too many waited for connections already.
    void passed_over(std::size_t endpoint, std::uint64_t count, Nanoseconds ago, bool own);
    // The clock's tick came so late.
    void ticked(Nanoseconds late) noexcept;

    // Hands the second over if `now` is in a later one.
    void turn(Moment now, std::uint64_t in_flight) {
        if (now >= turns_) next_second(now, in_flight);
    }
    // The measured time ends early, now; what ends later counts behind it.
    void cut(Moment now, std::uint64_t in_flight);
    // Hands over what is left.
    void finish(std::uint64_t in_flight);

  private:
    struct Page {
        std::uint64_t due = 0, sent = 0, again = 0, answered = 0, bytes_in = 0, bytes_out = 0;
        std::array<std::uint64_t, result::kFailures> failures{};
        std::array<std::uint64_t, 1000> statuses{};
        stats::Histogram response, service, first_byte, failed;
    };

    bool counts(const Job& job) const noexcept { return job.due >= measured_; }
    void measure() noexcept;
    void next_second(Moment now, std::uint64_t in_flight);
    void hand_over(Moment now, std::uint64_t in_flight);
    void unsent(const Job& job, Moment at);
    void missed(const Job& job, Moment until) noexcept;
    void note(result::Failure failure, const Ended& ended);
    void flush(std::uint64_t in_flight);
    static result::Tally tally_of(Page& page);

    const plan::Plan& plan_;
    const Sink& sink_;
    std::uint32_t worker_;
    std::uint32_t last_;  // the second in which what ends behind the measured time counts
    std::uint32_t second_ = 0;
    bool closed_;
    bool measuring_ = false;
    Moment measured_ = Moment::max();
    Moment turns_ = Moment::max();
    Moment end_ = Moment::max();
    Usage used_;  // at the beginning of the second
    Nanoseconds stalled_{};
    std::uint64_t opened_ = 0;
    std::uint64_t missed_ = 0;
    std::vector<Page> pages_;  // by endpoint
    stats::Histogram late_, blocked_, connect_;
    std::array<bool, result::kFailures> noted_{};
    std::map<result::Failure, std::string> texts_;
};

}  // namespace loadgen::engine
