// Every order of events, of a few threads that take and drop a GIL as CPython does with Baton's line behind
// it. What happens under gil->mutex is one event; between two of them anybody may come first, timers may
// expire, signals may wake, and a thread may end instead of asking (finalisation).
//
// Checked in every state that can be reached: one holder at most; and when the GIL is free while somebody
// sleeps in the line, somebody who was chosen is awake or about to be woken. And that from every state all
// threads get through to their end.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "interp/gil/schedule.hpp"

namespace baton::gil {

// The state without what is the same for the future: times count from now, and not beyond a second.
struct ScheduleState {
    static void add(std::string& to, const Schedule& s, std::int64_t now, const Runner* first) {
        const auto since = [&](std::int64_t time) {
            to += std::to_string(std::clamp<std::int64_t>(now - time, -1'000'000'000, 1'000'000'000)) + ',';
        };
        to += std::to_string(s.coming_) + (s.locked_ ? "L" : "-") + (s.requested_ ? "R" : "-");
        to += std::to_string(s.holder_ == nullptr ? -1 : s.holder_ - first) + ',';
        since(s.chosen_at_);
        since(s.taken_at_);
        since(s.slice_began_);
        since(s.usage_began_.load());
    }
    static bool holder_is(const Schedule& s, const Runner& runner) { return s.holder_ == &runner; }
    static bool same_holder_since(const Schedule& s, const Runner& r) {
        return r.switches_seen == s.switches_;
    }
};

namespace {

constexpr std::int64_t kInterval = 5'000'000;

enum class At {
    kOff,          // about to take
    kAsleep,       // in the line or chosen, in its futex
    kHolding,      //
    kReleased,     // has unlocked the mutex; the wake, and the look at the request, are still to come
    kHandingOver,  // in cond_wait(switch_cond)
    kEnded,
};

struct Actor {
    At at = At::kOff;
    int rounds = 0;
    bool woken = false;           // its futex
    int wakes = -1;               // whom it is about to wake
    bool saw_take = false;        // while handing over
    std::int64_t look_again = 0;  // asleep: its timer
    std::int64_t until = 0;
};

struct Limits {
    int threads = 2;
    int rounds = 2;
    int timers = 4;     // that expire, at most
    int surprises = 1;  // signals and threads that end
};

struct Event {
    enum class Kind { kStep, kTime, kSignal, kEnd } kind = Kind::kStep;
    int actor = 0;
};

class Model {
  public:
    explicit Model(const Limits& limits)
        : timers_(limits.timers),
          surprises_(limits.surprises),
          actors_(limits.threads),
          runners_(std::make_unique<Runner[]>(limits.threads)) {
        for (Actor& actor : actors_) actor.rounds = limits.rounds;
        // One of them is a long one, so that levels differ.
        runners_[0].in_request = true;
        runners_[0].used = 20'000'000;
        for (std::size_t i = 1; i < actors_.size(); ++i) runners_[i].in_request = true;
    }

    std::vector<Event> enabled() const {
        std::vector<Event> events;
        for (int i = 0; i < count(); ++i) {
            const Actor& a = actors_[i];
            const bool awake = a.woken || now_ >= a.look_again;
            if (a.at == At::kEnded) continue;
            if (a.at == At::kAsleep && !awake) {
                if (surprises_ > 0) events.push_back({Event::Kind::kSignal, i});
                continue;
            }
            if (a.at == At::kHandingOver && !a.saw_take) continue;
            events.push_back({Event::Kind::kStep, i});
            if (a.at == At::kAsleep && !a.woken && surprises_ > 0) events.push_back({Event::Kind::kEnd, i});
        }
        if (timers_ > 0 && next_timer() > now_) events.push_back({Event::Kind::kTime, 0});
        return events;
    }

    void apply(const Event& event) {
        switch (event.kind) {
            case Event::Kind::kTime:
                --timers_;
                now_ = next_timer();
                return;
            case Event::Kind::kSignal:
                --surprises_;
                return wake_up(event.actor, false);
            case Event::Kind::kEnd:
                --surprises_;
                return wake_up(event.actor, true);
            case Event::Kind::kStep:
                return step(event.actor);
        }
    }

    bool all_ended() const {
        return std::all_of(actors_.begin(), actors_.end(), [](const Actor& a) { return a.at == At::kEnded; });
    }
    // Only time can help.
    bool stuck() const {
        const auto events = enabled();
        return std::none_of(events.begin(), events.end(),
                            [](const Event& e) { return e.kind == Event::Kind::kStep; });
    }
    void let_time_pass() { now_ = next_timer(); }

    // What is wrong with this state; empty: nothing.
    std::string fault() const {
        const auto holders = std::count_if(actors_.begin(), actors_.end(),
                                           [](const Actor& a) { return a.at == At::kHolding; });
        if (holders > 1) return "two threads hold the GIL";
        if ((holders == 1) != schedule_.locked()) return "the schedule does not know who holds the GIL";
        if (schedule_.locked() || !schedule_.anybody_waits()) return {};
        for (int i = 0; i < count(); ++i) {
            if (runners_[i].place == Waiter::Place::kChosen && (actors_[i].woken || about_to_be_woken(i)))
                return {};
        }
        return "the GIL is free, a thread sleeps in its line, and nobody is on the way";
    }

    std::string fingerprint() const {
        std::string text;
        ScheduleState::add(text, schedule_, now_, runners_.get());
        text += std::to_string(timers_) + ':' + std::to_string(surprises_) + (drop_request_ ? "D" : "-");
        for (int i = 0; i < count(); ++i) {
            const Actor& a = actors_[i];
            const Runner& r = runners_[i];
            text += '|' + std::to_string(static_cast<int>(a.at)) + ':' + std::to_string(a.rounds);
            text += (a.woken ? "w" : "-") + std::to_string(a.wakes) + (a.saw_take ? "t" : "-");
            text += std::to_string(static_cast<int>(r.place)) + ':' + std::to_string(r.level) + ':';
            text += ScheduleState::same_holder_since(schedule_, r) ? 's' : '-';
            for (const std::int64_t time :
                 {a.look_again - now_, a.until - now_, r.arrived - now_, r.used, r.slice_used,
                  r.since <= 0 ? r.since + 1'000'000'000'000 : r.since - now_}) {
                text += std::to_string(time) + ',';
            }
        }
        return text;
    }

  private:
    int count() const { return static_cast<int>(actors_.size()); }
    bool about_to_be_woken(int who) const {
        return std::any_of(actors_.begin(), actors_.end(), [&](const Actor& a) { return a.wakes == who; });
    }
    std::int64_t next_timer() const {
        std::int64_t next = 0;
        for (const Actor& a : actors_) {
            if (a.at == At::kAsleep && !a.woken && a.look_again > now_ && (next == 0 || a.look_again < next))
                next = a.look_again;
        }
        return next == 0 ? now_ : next;
    }

    void step(int who) {
        Actor& a = actors_[who];
        switch (a.at) {
            case At::kOff:
                return try_take(who);
            case At::kAsleep:
                return wake_up(who, false);
            case At::kHolding:
                return release(who);
            case At::kReleased:
                return after_release(who);
            case At::kHandingOver:
                a.at = At::kOff;
                return end_round(who);
            case At::kEnded:
                return;
        }
    }

    // take_gil(), from locking the mutex on: until it has the GIL, or sleeps.
    void try_take(int who) {
        Actor& a = actors_[who];
        while (schedule_.locked()) {
            a.until = now_ + kInterval;
            a.woken = false;
            a.look_again = schedule_.join(runners_[who], now_, a.until);
            if (a.look_again > now_) {
                a.at = At::kAsleep;
                return;
            }
            if (schedule_.leave(runners_[who], now_, a.until)) ask(who);
        }
        schedule_.taken(runners_[who], now_);
        drop_request_ = false;
        for (Actor& other : actors_) other.saw_take = other.saw_take || other.at == At::kHandingOver;
        a.at = At::kHolding;
    }

    // Behind the futex, with the mutex again.
    void wake_up(int who, bool ends_if_it_asks) {
        const bool asks = schedule_.leave(runners_[who], now_, actors_[who].until);
        actors_[who].woken = false;
        if (asks && ends_if_it_asks) {
            drop_request_ = false;  // CPython withdraws what such a thread has asked for (gh-96387)
            actors_[who].at = At::kEnded;
            return;
        }
        if (asks) ask(who);
        try_take(who);
    }

    // CPython's own condition.
    void ask(int who) {
        if (schedule_.locked() && ScheduleState::same_holder_since(schedule_, runners_[who]))
            drop_request_ = true;
    }

    void release(int who) {
        schedule_.released(runners_[who], now_);
        if (Runner* next = schedule_.choose(now_))
            actors_[who].wakes = static_cast<int>(next - runners_.get());
        actors_[who].at = At::kReleased;
    }

    void after_release(int who) {
        Actor& a = actors_[who];
        if (a.wakes >= 0) {
            actors_[a.wakes].woken = true;
            a.wakes = -1;
            return;
        }
        if (drop_request_ && ScheduleState::holder_is(schedule_, runners_[who])) {
            drop_request_ = false;
            a.saw_take = false;
            a.at = At::kHandingOver;
            return;
        }
        a.at = At::kOff;
        end_round(who);
    }

    void end_round(int who) {
        if (--actors_[who].rounds == 0) actors_[who].at = At::kEnded;
    }

    int timers_;
    int surprises_;
    std::int64_t now_ = 1'000'000'000;
    bool drop_request_ = false;
    std::vector<Actor> actors_;
    std::unique_ptr<Runner[]> runners_;
    Schedule schedule_;
};

class Explorer {
  public:
    explicit Explorer(const Limits& limits) : limits_(limits) {}

    // Depth first; a state that has been seen before is not entered again.
    void explore() {
        Model model(limits_);
        check(model);
        descend(model.enabled());
    }
    std::size_t states() const { return seen_.size(); }
    const std::string& fault() const { return fault_; }

  private:
    void descend(const std::vector<Event>& events) {
        for (const Event& event : events) {
            if (!fault_.empty()) return;
            path_.push_back(event);
            Model model = Model(limits_);
            for (const Event& past : path_) model.apply(past);
            check(model);
            if (seen_.insert(model.fingerprint()).second) {
                const auto next = model.enabled();
                finish(model);
                descend(next);
            }
            path_.pop_back();
        }
    }

    // Everybody goes on in turns, and time passes only when nobody can: all must come to their end.
    void finish(Model& model) {
        for (int i = 0; i < 200 && !model.all_ended(); ++i) {
            for (const Event& event : model.enabled()) {
                if (event.kind != Event::Kind::kStep) continue;
                model.apply(event);
                break;
            }
            check(model);
            if (model.stuck()) model.let_time_pass();
        }
        if (!model.all_ended()) fail("not all threads come to their end");
    }

    void check(const Model& model) {
        if (const std::string fault = model.fault(); !fault.empty()) fail(fault);
    }
    void fail(const std::string& what) {
        if (!fault_.empty()) return;
        fault_ = what + " after:";
        for (const Event& e : path_)
            fault_ += " " + std::to_string(static_cast<int>(e.kind)) + "/" + std::to_string(e.actor);
    }

    const Limits limits_;
    std::vector<Event> path_;
    std::unordered_set<std::string> seen_;
    std::string fault_;
};

TEST(EveryOrder, OfTwoThreadsLosesNoWakeUp) {
    Explorer explorer({.threads = 2, .rounds = 2, .timers = 3, .surprises = 1});
    explorer.explore();
    EXPECT_EQ(explorer.fault(), "");
    RecordProperty("states", static_cast<int>(explorer.states()));
    EXPECT_GT(explorer.states(), 1'000U) << "so few states are not every order";
}

TEST(EveryOrder, OfThreeThreadsLosesNoWakeUp) {
    Explorer explorer({.threads = 3, .rounds = 1, .timers = 2, .surprises = 1});
    explorer.explore();
    EXPECT_EQ(explorer.fault(), "");
    RecordProperty("states", static_cast<int>(explorer.states()));
    EXPECT_GT(explorer.states(), 1'000U) << "so few states are not every order";
}

TEST(EveryOrder, OfFourThreadsLosesNoWakeUp) {
    Explorer explorer({.threads = 4, .rounds = 1, .timers = 0, .surprises = 0});
    explorer.explore();
    EXPECT_EQ(explorer.fault(), "");
    RecordProperty("states", static_cast<int>(explorer.states()));
    EXPECT_GT(explorer.states(), 1'000U) << "so few states are not every order";
}

}  // namespace
}  // namespace baton::gil
