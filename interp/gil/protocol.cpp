// The state machine of a thread
// =============================
// CPython 3.11 to 3.15, ceval_gil.c. A thread touches a GIL in visits: from locking gil->mutex to unlocking
// it. What it signals inside says what the visit was.
//
//   take_gil()   lock(mutex); while taken: timedwait(cond); lock(switch_mutex); signal(switch_cond);
//                unlock(switch_mutex); unlock(mutex)
//   drop_gil()   lock(mutex); signal(cond); unlock(mutex); if a request to let go is pending:
//                lock(switch_mutex); maybe wait(switch_cond); unlock(switch_mutex)
//   others       lock(mutex); unlock(mutex), as signal_active_thread() does from 3.13 on: ignored
//
//   state     event                                     what it means; the new state
//   off       lock(mutex), when it is not free at once  waiting
//   off       timedwait(cond)                           waiting; the take will be a contended one
//   off       signal(switch_cond)                       a take without a wait; held
//   waiting   signal(switch_cond)                       a take; held
//   waiting   unlock(mutex) without a signal            gave up (a daemon thread at the end); off
//   held      signal(cond)                              a voluntary release; off
//   held      signal(cond), when another has asked      a forced release; waiting
//   waiting   unlock(mutex) of that release returns     off
//   off       lock(switch_mutex) soon after             the hand-over; waiting since the last entry
//   waiting   unlock(switch_mutex)                      the hand-over is done; off
//   off       sem_wait and the like                     a Python lock; lock wait until it returns
//
// Another has asked: its timed wait timed out, and the GIL had not changed hands meanwhile. That is CPython's
// own rule, and all of it happens under gil->mutex. Locking switch_mutex would be no sign of it: when the
// thread that lets go is stopped inside unlock(mutex), the next one takes the GIL and withdraws the request
// before the first one looks for it. For the same reason the time inside that unlock(mutex) is not off: on a
// busy machine the next holder runs in place of the last one.
//
// While a thread holds one GIL, its visits to another one are only others (a pending call for that
// interpreter).
#include "interp/gil/protocol.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "interp/gil/clock.hpp"
#include "interp/gil/fatal.hpp"
#include "interp/gil/real.hpp"
#include "interp/gil/scheduler.hpp"
#include "interp/gil/sleep.hpp"

namespace baton::gil {

constinit thread_local Thread this_thread_state;
constinit LongHolds long_holds;

namespace protocol {

namespace {

// The end of a thread. Code that runs even later may take a GIL again: that opens an account again, sets the
// key again, and glibc calls again.
pthread_key_t end_of_thread;

void return_accounts(void*) {
    Thread& me = this_thread_state;
    const std::int64_t time = now();
    for (Account* account = me.accounts; account != nullptr;) {
        Account* next = account->next_of_thread;
        account->give_back(time);
        account = next;
    }
    me.account = nullptr;
    me.accounts = nullptr;
    me.switch_watch = nullptr;
    me.runner.in_request = false;
    me.runner.since = 0;
}

// In the child only the calling thread exists.
void forked() {
    // What it would tell are threads that do not exist here, and their locks may never be opened again.
    this_thread_state.hook = nullptr;
    long_holds = {};
    names_start_over();
    registry.start_over();
    const std::int64_t time = now();
    for (Gil* gil = registry.first(); gil != nullptr; gil = gil->next()) {
        for (Account* account = gil->accounts(); account != nullptr; account = account->next_of_gil) {
            account->start_over(time, account->owner() == &this_thread_state);
        }
    }
}

void prepare() {
    if (pthread_key_create(&end_of_thread, return_accounts) != 0) fatal("no thread key left");
    if (pthread_atfork(nullptr, nullptr, forked) != 0) fatal("no memory for the fork handler");
}

bool holds_gil(const Thread& me) noexcept {
    return me.account != nullptr && me.account->state() == State::kHeld;
}

// CPython and others read errno after calls that return their error; those calls must not change it.
class ErrnoKept {
  public:
    ErrnoKept() noexcept : value_(errno) {}
    ~ErrnoKept() { errno = value_; }
    ErrnoKept(const ErrnoKept&) = delete;
    ErrnoKept& operator=(const ErrnoKept&) = delete;

  private:
    const int value_;
};

void open_account(Thread& me, Gil& gil) {
    const ErrnoKept errno_kept;
    Account& account = gil.open_account(&me);
    if (me.accounts == nullptr) {
        me.name = tag_of_this_thread();
        if (!me.runner.in_request) me.tag = me.name;
    }
    account.set_tags(me.tag, me.name);
    account.next_of_thread = me.accounts;
    me.accounts = &account;
    if (pthread_setspecific(end_of_thread, &me) != 0) fatal("no memory for a thread's key");
}

void call_hooks(Thread& me) {
    const ErrnoKept errno_kept;
    if (me.long_hold.nanoseconds != 0) long_holds.hook(long_holds.argument, std::exchange(me.long_hold, {}));
    if (me.hook != nullptr) me.hook(me.hook_argument);
}

// Makes the account on `gil` the thread's current one.
Account& turn_to(Thread& me, Gil& gil) {
    if (me.account != nullptr && &me.account->gil() == &gil) return *me.account;
    Account* account = me.accounts;
    while (account != nullptr && &account->gil() != &gil) account = account->next_of_thread;
    if (account == nullptr) {
        open_account(me, gil);
        account = me.accounts;
    }
    me.account = account;
    return *account;
}

int enter(Thread& me, Gil& gil, pthread_mutex_t* mutex) {
    me.switch_watch = nullptr;
    int result = 0;
    if (holds_gil(me)) {
        result = real::mutex_lock(mutex);
        if (&me.account->gil() != &gil) return result;
    } else {
        Account& account = turn_to(me, gil);
        // Trying first tells whether there was a wait without reading the clock.
        result = real::mutex_trylock(mutex);
        if (result != 0) {
            account.wait_begins(now());
            result = real::mutex_lock(mutex);
        }
    }
    me.inside = &gil;
    me.unlock_watch = mutex;
    me.contended = false;
    me.released = false;
    return result;
}

int leave(Thread& me, pthread_mutex_t* mutex) {
    Gil& gil = *me.inside;
    me.inside = nullptr;
    me.unlock_watch = nullptr;
    const int result = real::mutex_unlock(mutex);
    if (me.to_wake != nullptr) wake(*std::exchange(me.to_wake, nullptr));
    if (std::exchange(me.guest, false)) gil.guests.fetch_sub(1, std::memory_order_release);
    if (me.account->state() == State::kWaiting) me.account->wait_ends(now());
    if (me.released) {
        if (me.hook != nullptr || me.long_hold.nanoseconds != 0) call_hooks(me);
        if (GilObjects* objects = gil.objects()) me.switch_watch = &objects->switch_mutex;
    }
    return result;
}

// Until it knows its request it acts for itself.
Tag acting_for(const Thread& me) noexcept {
    return me.tag == kNotKnownYet ? me.name : me.tag;
}

void take(Thread& me, Gil& gil) {
    const std::int64_t time = now();
    const std::int64_t waited = me.account->taken(time, me.contended);
    gil.schedule.taken(me.runner, time);
    me.segment_from = time;
    me.turned_at = time;
    if (waited == 0) return;
    const auto blame = [&](Tag holding, std::int64_t nanoseconds) {
        if (me.tag == kNotKnownYet) {
            me.pending.add(holding, nanoseconds);
        } else {
            gil.blame.add(me.tag, holding, nanoseconds);
        }
    };
    const auto one_hold = [&](Tag holding, std::int64_t nanoseconds) {
        gil.blame.kept_waiting(holding, nanoseconds);
        blame(holding, nanoseconds);
    };
    gil.blame.split(time - waited, time, one_hold, blame);
}

void release(Thread& me, Gil& gil) {
    const std::int64_t time = now();
    const bool forced = gil.schedule.released(me.runner, time);
    const std::int64_t hold = me.account->released(time, forced);
    const Tag tag = acting_for(me);
    gil.blame.held(tag, me.segment_from, time);
    gil.blame.hold_ended(tag, time - me.turned_at);
    if (hold >= long_holds.limit)
        me.long_hold = {hold, forced ? std::min(hold, time - gil.schedule.requested_at()) : 0};
    me.released = true;
    if (!gil.schedule.anybody_waits()) return;
    me.to_wake = static_cast<Sleeper*>(gil.schedule.choose(time));
    if (me.to_wake != nullptr) me.to_wake->woken.store(1, std::memory_order_relaxed);
}

// The GIL that the thread held is gone: re-created after fork, or destroyed by its holder at finalisation.
void close_hold(Thread& me, const Gil& gil) {
    if (holds_gil(me) && &me.account->gil() == &gil) me.account->released(now(), false);
}

}  // namespace

int lock(pthread_mutex_t* mutex) noexcept {
    Thread& me = this_thread_state;
    if (me.inside != nullptr) return real::mutex_lock(mutex);  // take_gil() at switch_mutex
    if (mutex == me.switch_watch) {
        me.switch_watch = nullptr;
        me.unlock_watch = mutex;
        me.account->hand_over_begins();
        return real::mutex_lock(mutex);
    }
    Gil* gil = registry.find(mutex);
    return gil == nullptr ? real::mutex_lock(mutex) : enter(me, *gil, mutex);
}

int unlock(pthread_mutex_t* mutex) noexcept {
    Thread& me = this_thread_state;
    if (me.inside != nullptr) return leave(me, mutex);
    me.unlock_watch = nullptr;
    const int result = real::mutex_unlock(mutex);
    me.account->wait_ends(now());
    return result;
}

void signalling(const pthread_cond_t* cond) noexcept {
    Thread& me = this_thread_state;
    const GilObjects* objects = me.inside->objects();
    if (objects == nullptr) return;
    if (cond == &objects->switch_cond && !holds_gil(me)) {
        take(me, *me.inside);
    } else if (cond == &objects->cond && holds_gil(me)) {
        release(me, *me.inside);
    }
}

int timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* until) {
    Thread& me = this_thread_state;
    const GilObjects* objects = me.inside->objects();
    if (objects == nullptr || cond != &objects->cond || holds_gil(me))
        return real::cond_timedwait(cond, mutex, until);
    Gil& gil = *me.inside;
    me.contended = true;
    const std::int64_t time = now();
    if (me.account->state() == State::kOff) me.account->wait_begins(time);
    if (policy() == Policy::latency) return sleep_in_line(me, gil, *mutex, time, *until);
    gil.schedule.wait_begins(me.runner);
    const int result = real::cond_timedwait(cond, mutex, until);
    if (result == ETIMEDOUT) gil.schedule.wait_timed_out(me.runner, now());
    return result;
}

void named(pthread_t thread, const char* name) noexcept {
    Thread& me = this_thread_state;
    if (me.accounts == nullptr || pthread_equal(thread, pthread_self()) == 0) return;
    me.name = tag_of_thread(name);
    if (!me.runner.in_request) me.tag = me.name;
    for (Account* a = me.accounts; a != nullptr; a = a->next_of_thread) a->set_tags(me.tag, me.name);
}

void gil_created(GilObjects& objects) noexcept {
    if (registry.is_off()) return;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    close_hold(this_thread_state, registry.add(objects));
}

void cond_destroyed(const pthread_cond_t* cond) noexcept {
    Gil* gil = registry.find(cond);
    if (gil == nullptr) return;
    send_away(*gil);
    registry.retire(*gil);
    close_hold(this_thread_state, *gil);
}

bool lock_wait_begins() noexcept {
    const Thread& me = this_thread_state;
    if (me.account == nullptr || me.account->state() != State::kOff) return false;
    me.account->lock_wait_begins(now());
    return true;
}

void lock_wait_ends() noexcept {
    this_thread_state.account->lock_wait_ends(now());
}

}  // namespace protocol

}  // namespace baton::gil
