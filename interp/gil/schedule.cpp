#include "interp/gil/schedule.hpp"

#include <algorithm>
#include <limits>

namespace baton::gil {

namespace {

// A thread outside of requests has no beginning from which to count; what it has used is half forgotten after
// so long (ns).
constexpr std::int64_t kHalfLife = 50'000'000;

std::int64_t usage(const Runner& runner, std::int64_t time) noexcept {
    if (runner.in_request) return runner.used;
    return runner.used >> std::clamp<std::int64_t>((time - runner.used_at) / kHalfLife, 0, 62);
}

// GIL time with which a level ends.
std::int64_t end_of(Level level) noexcept {
    if (level <= kShort) return kShortEnds;
    return level == kMedium ? kMediumEnds : std::numeric_limits<std::int64_t>::max() / 2;
}

}  // namespace

void Schedule::taken(Runner& runner, std::int64_t time) noexcept {
    if (holder_ != &runner) ++switches_;
    holder_ = &runner;
    locked_ = true;
    requested_ = false;
    taken_at_ = time;
    slice_began_ = time - runner.slice_used;
    if (runner.since <= 0) runner.since += time;
    usage_began_.store(time - usage(runner, time), std::memory_order_relaxed);
}

// Whose turn was cut short keeps its place: what is left of it comes before the turns of others of its level.
// The time until it asks again, off for something else perhaps, is no waiting.
bool Schedule::released(Runner& runner, std::int64_t time) noexcept {
    const std::int64_t slice = time - slice_began_;
    const bool cut_short = requested_ && slice < interval_;
    runner.used = time - usage_began_.load(std::memory_order_relaxed);
    runner.used_at = time;
    runner.slice_used = cut_short ? slice : 0;
    runner.since = cut_short ? runner.since - time : 0;
    locked_ = false;
    return requested_;
}

Runner* Schedule::choose(std::int64_t time) noexcept {
    Waiter* best = line_.best(time);
    if (best == nullptr) return nullptr;
    const Level level = aged(best->level, time - best->since);
    if (coming_ > 0 && time - chosen_at_ < kComing && level >= chosen_level_) return nullptr;
    line_.leave(*best);
    best->place = Waiter::Place::kChosen;
    ++coming_;
    chosen_at_ = time;
    chosen_level_ = level;
    return static_cast<Runner*>(best);
}

std::int64_t Schedule::join(Runner& runner, std::int64_t time, std::int64_t until) noexcept {
    interval_ = std::max(kGrace, until - time);
    if (runner.since <= 0) runner.since += time;
    runner.level =
        runner.ranks_first.load(std::memory_order_relaxed) ? kFirst : level_of(usage(runner, time));
    runner.arrived = time;
    runner.switches_seen = switches_;
    line_.join(runner);
    runner.looks_again = worth_looking_at(runner, time, until);
    return runner.looks_again;
}

// One asks for all: when it has had its turn, the next is chosen without asking. Only if that turn becomes a
// long one, somebody else has to notice; the fewer stand in line, the sooner that may be the next one's task.
std::int64_t Schedule::worth_looking_at(const Runner& runner, std::int64_t time,
                                        std::int64_t until) const noexcept {
    if (line_.best(time) == &runner) return std::min(until, ask_at(runner, time, until));
    if (runner.level > kShort) return until;
    return std::min(until, time + 2 * kShortEnds + static_cast<std::int64_t>(line_.size()) * kGrace);
}

Runner* Schedule::misled(std::int64_t time) const noexcept {
    Waiter* const best = line_.best(time);
    if (best == nullptr || !locked_ || requested_) return nullptr;
    auto* const runner = static_cast<Runner*>(best);
    const bool better = aged(best->level, time - best->since) < holder_level(time);
    return better && runner->looks_again > time + kGrace ? runner : nullptr;
}

bool Schedule::leave(Runner& runner, std::int64_t time, std::int64_t until) noexcept {
    if (runner.place == Waiter::Place::kChosen) {
        runner.place = Waiter::Place::kOut;
        --coming_;
        return false;
    }
    const bool best = line_.best(time) == &runner;
    line_.leave(runner);
    if (!locked_) return time >= until;
    const bool asks = time >= until || (best && time >= ask_at(runner, time, until));
    // CPython asks only for a holder who was there all the time.
    if (asks && switches_ == runner.switches_seen) request(time);
    return asks;
}

Runner* Schedule::dismiss() noexcept {
    Waiter* const best = line_.best(0);
    if (best == nullptr) return nullptr;
    line_.leave(*best);
    best->place = Waiter::Place::kChosen;
    ++coming_;
    return static_cast<Runner*>(best);
}

void Schedule::start_over() noexcept {
    line_ = {};
    coming_ = 0;
    locked_ = false;
    requested_ = false;
    holder_ = nullptr;
}

std::int64_t Schedule::holder_began() const noexcept {
    return std::min(taken_at_, usage_began_.load(std::memory_order_relaxed));
}

// A thread that serves one short request after another without letting go is no short one for those who wait;
// hence the time since the take counts, too. What long waiting has earned lasts for one turn.
Level Schedule::holder_level(std::int64_t time) const noexcept {
    if (holder_->ranks_first.load(std::memory_order_relaxed) && time - taken_at_ < kShortEnds) return kFirst;
    const Level level = level_of(time - holder_began());
    return time - slice_began_ < interval_ ? aged(level, taken_at_ - holder_->since) : level;
}

// When this waiter shall ask the holder to let go.
std::int64_t Schedule::ask_at(const Runner& runner, std::int64_t time, std::int64_t until) const noexcept {
    if (!locked_ || requested_ || holder_ == nullptr) return until;
    const Level mine = aged(runner.level, time - runner.since);
    const Level theirs = holder_level(time);
    if (mine < theirs) return std::max(runner.arrived, taken_at_) + kGrace;
    const std::int64_t turn_ends = std::max(taken_at_ + kGrace, slice_began_ + interval_);
    const std::int64_t begun = holder_began();
    if (level_of(time - begun) > theirs) return turn_ends;  // it has earned this turn by waiting
    return std::min(turn_ends, std::max(taken_at_, begun + end_of(mine)) + kGrace);
}

}  // namespace baton::gil
