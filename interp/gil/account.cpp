#include "interp/gil/account.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace baton::gil {

namespace {

// One writer: a load and a store are enough. The order (release here, acquire in the readers) makes a reader
// that sees any part of an entry also see the odd sequence number before it.
template <typename T>
void set(std::atomic<T>& field, T value) noexcept {
    field.store(value, std::memory_order_release);
}
template <typename T>
void add(std::atomic<T>& field, T more) noexcept {
    set(field, static_cast<T>(field.load(std::memory_order_relaxed) + more));
}
template <typename T>
T get(const std::atomic<T>& field) noexcept {
    return field.load(std::memory_order_acquire);
}

}  // namespace

void HistogramBook::add(std::int64_t value) noexcept {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && value > kBounds[bucket]) ++bucket;
    gil::add(buckets_[bucket], std::uint64_t{1});
    gil::add(sum_, value);
}

void HistogramBook::collect(Histogram& into) const noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i) into.buckets[i] = get(buckets_[i]);
    into.sum = get(sum_);
}

void HistogramBook::clear() noexcept {
    for (auto& bucket : buckets_) set(bucket, std::uint64_t{0});
    set(sum_, std::int64_t{0});
}

// The span of one entry: readers that meet it read again.
class Account::Entry {
  public:
    explicit Entry(Account& account) noexcept : sequence_(account.sequence_) {
        step(std::memory_order_relaxed);
    }
    ~Entry() { step(std::memory_order_release); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

  private:
    void step(std::memory_order order) noexcept {
        sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, order);
    }
    std::atomic<std::uint32_t>& sequence_;
};

void Account::wait_begins(std::int64_t time) noexcept {
    note(trace::Event::waiting, time);
    const Entry entry(*this);
    set(state_, State::kWaiting);
    set(since_, time);
}

void Account::wait_ends(std::int64_t time) noexcept {
    note(trace::Event::off, time);
    const Entry entry(*this);
    const std::int64_t span = time - get(since_);
    add(waited_, span);
    waited_before_ += span;
    set(state_, State::kOff);
    set(since_, time);
}

std::int64_t Account::taken(std::int64_t time, bool contended) noexcept {
    note(trace::Event::held, time);
    const Entry entry(*this);
    const std::int64_t wait = state() == State::kWaiting ? time - get(since_) : 0;
    add(waited_, wait);
    const std::int64_t whole_wait = wait + waited_before_;
    waits_.add(whole_wait);
    waited_before_ = 0;
    add(takes_, std::uint64_t{1});
    if (contended) add(contended_, std::uint64_t{1});
    set(state_, State::kHeld);
    set(since_, time);
    return whole_wait;
}

std::int64_t Account::released(std::int64_t time, bool forced) noexcept {
    note(forced ? trace::Event::forced : trace::Event::off, time);
    const Entry entry(*this);
    const std::int64_t hold = time - get(since_);
    add(held_, hold);
    holds_.add(hold);
    add(forced ? forced_ : voluntary_, std::uint64_t{1});
    set(state_, forced ? State::kWaiting : State::kOff);
    set(since_, time);
    return hold;
}

void Account::hand_over_begins() noexcept {
    note(trace::Event::hand_over, since());
    const Entry entry(*this);
    set(state_, State::kWaiting);
}

void Account::lock_wait_begins(std::int64_t time) noexcept {
    note(trace::Event::in_lock, time);
    const Entry entry(*this);
    set(state_, State::kLockWait);
    set(since_, time);
}

void Account::lock_wait_ends(std::int64_t time) noexcept {
    note(trace::Event::off, time);
    const Entry entry(*this);
    add(lock_waited_, time - get(since_));
    set(state_, State::kOff);
    set(since_, time);
}

Totals Account::stored() const noexcept {
    Totals t;
    t.held = get(held_);
    t.waited = get(waited_);
    t.lock_waited = get(lock_waited_);
    t.takes = get(takes_);
    t.contended = get(contended_);
    t.forced = get(forced_);
    t.voluntary = get(voluntary_);
    return t;
}

Totals Account::own_totals(std::int64_t time) const noexcept {
    Totals totals = stored();
    add_progress(totals, state(), get(since_), time);
    return totals -= base_;
}

Account::Reading Account::read() const noexcept {
    Reading reading;
    for (;;) {
        const std::uint32_t before = get(sequence_);
        if (before % 2 == 0) {
            reading.totals = stored();
            holds_.collect(reading.holds);
            waits_.collect(reading.waits);
            reading.state = get(state_);
            reading.since = get(since_);
            if (sequence_.load(std::memory_order_relaxed) == before) return reading;
        }
        sched_yield();  // the writer was stopped in the middle of an entry; an entry is some 20 stores
    }
}

bool Account::claim(Thread* owner) noexcept {
    Thread* nobody = nullptr;
    if (owner_.load(std::memory_order_relaxed) != nullptr) return false;
    if (!owner_.compare_exchange_strong(nobody, owner, std::memory_order_acquire)) return false;
    thread_id_.store(gettid(), std::memory_order_relaxed);
    base_ = stored();
    return true;
}

void Account::give_back(std::int64_t time) noexcept {
    if (state() == State::kHeld) released(time, false);
    if (state() == State::kWaiting) wait_ends(time);
    if (state() == State::kLockWait) lock_wait_ends(time);
    if (trace::on()) log.end(*this, time);
    request.clear();
    waited_before_ = 0;
    next_of_thread = nullptr;
    owner_.store(nullptr, std::memory_order_release);
}

void Account::start_over(std::int64_t time, bool survives) noexcept {
    const Totals so_far = own_totals(time);
    clear();
    log.start_over();
    if (survives) {
        thread_id_.store(gettid(), std::memory_order_relaxed);
        // A hold that began before the fork is one take of the child, so that its takes and releases still
        // match.
        if (state() == State::kHeld) set(takes_, std::uint64_t{1});
        base_ = stored();
        base_ -= so_far;
    } else {
        request.start_over();
        set(state_, State::kOff);
        waited_before_ = 0;
        next_of_thread = nullptr;
        owner_.store(nullptr, std::memory_order_release);
    }
    set(since_, time);
    sequence_.store(0, std::memory_order_release);  // its writer may have been in the middle of an entry
}

void Account::clear() noexcept {
    set(held_, std::int64_t{0});
    set(waited_, std::int64_t{0});
    set(lock_waited_, std::int64_t{0});
    set(takes_, std::uint64_t{0});
    set(contended_, std::uint64_t{0});
    set(forced_, std::uint64_t{0});
    set(voluntary_, std::uint64_t{0});
    holds_.clear();
    waits_.clear();
}

Doing doing(State state) noexcept {
    switch (state) {
        case State::kWaiting:
            return Doing::waiting;
        case State::kHeld:
            return Doing::holding;
        case State::kLockWait:
            return Doing::in_lock;
        case State::kOff:
            break;
    }
    return Doing::off_gil;
}

void add_progress(Totals& totals, State state, std::int64_t since, std::int64_t time) noexcept {
    const std::int64_t span = std::max<std::int64_t>(0, time - since);
    if (state == State::kHeld) totals.held += span;
    if (state == State::kWaiting) totals.waited += span;
    if (state == State::kLockWait) totals.lock_waited += span;
}

}  // namespace baton::gil
