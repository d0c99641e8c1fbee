#include "interp/gil/scheduler.hpp"

#include <atomic>
#include <utility>

#include "interp/gil/clock.hpp"
#include "interp/gil/protocol.hpp"
#include "interp/gil/sleep.hpp"

namespace baton::gil {

namespace {

constinit std::atomic<Policy> chosen_policy{Policy::cpython};

// The GIL that the calling thread holds, or null.
Gil* held_by(const Thread& me) noexcept {
    const bool holds = me.account != nullptr && me.account->state() == State::kHeld;
    return holds ? &me.account->gil() : nullptr;
}

// From `time` on the thread acts for `tag`.
void act_for(Thread& me, Tag tag, Gil* held, std::int64_t time) noexcept {
    if (held != nullptr) {
        if (me.tag != kNotKnownYet) {
            held->blame.hold_ended(me.tag, time - me.turned_at);
            me.turned_at = time;
        }
        // What it has held for a request that it did not know yet is that request's.
        if (tag != me.tag && me.tag != kNotKnownYet) {
            held->blame.held(me.tag, me.segment_from, time);
            me.segment_from = time;
        }
        for (std::size_t i = 0; i < me.pending.count; ++i) {
            held->blame.add(tag, me.pending.parts[i].holding, me.pending.parts[i].nanoseconds);
        }
    }
    me.pending.count = 0;
    me.tag = tag;
    if (me.account != nullptr) me.account->set_tags(tag, me.name);
}

// For the timeline, before the books change.
void note(trace::Event event, std::int64_t time, Tag tag = 0) noexcept {
    Account* const account = this_thread_state.account;
    if (account != nullptr) account->log.note(*account, event, time, tag);
}

}  // namespace

void set_policy(Policy policy) {
    chosen_policy.store(policy, std::memory_order_relaxed);
}

Policy policy() {
    return chosen_policy.load(std::memory_order_relaxed);
}

void await_request() {
    if (trace::on()) [[unlikely]]
        note(trace::Event::awaits, now());
    Thread& me = this_thread_state;
    Gil* const held = held_by(me);
    act_for(me, kNotKnownYet, held, held == nullptr ? 0 : now());
    me.runner.in_request = true;
    me.runner.used = 0;
    if (held != nullptr) return;
    me.runner.since = 0;
    me.runner.slice_used = 0;
}

void begin_request(Tag tag, std::int64_t time, std::int64_t expected) {
    if (trace::on()) [[unlikely]]
        note(trace::Event::begins, time, tag);
    Thread& me = this_thread_state;
    Gil* const held = held_by(me);
    act_for(me, tag, held, time);
    me.runner.in_request = true;
    me.runner.used = expected;
    if (held == nullptr) return;
    held->schedule.holder_begins_request(time - expected);
    // Who is first in line may have counted on a short hold.
    if (expected >= kShortEnds && held->guests.load(std::memory_order_relaxed) > 0) wake_misled(*held, time);
}

void end_request(std::int64_t time) {
    if (trace::on()) [[unlikely]]
        note(trace::Event::ends, time);
    Thread& me = this_thread_state;
    Gil* const held = held_by(me);
    act_for(me, me.name, held, time);
    me.runner.in_request = false;
    me.runner.used = 0;
    me.runner.used_at = time;
    if (held != nullptr) held->schedule.holder_begins_request(time);
}

void rank_first(bool first) {
    this_thread_state.runner.ranks_first.store(first, std::memory_order_relaxed);
}

}  // namespace baton::gil
