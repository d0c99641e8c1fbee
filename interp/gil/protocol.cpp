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

#include <cerrno>

#include "interp/gil/clock.hpp"
#include "interp/gil/fatal.hpp"
#include "interp/gil/real.hpp"

namespace baton::gil {

constinit thread_local Thread this_thread_state;

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
}

// In the child only the calling thread exists.
void forked() {
    // What it would tell are threads that do not exist here, and their locks may never be opened again.
    this_thread_state.hook = nullptr;
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
    account.next_of_thread = me.accounts;
    me.accounts = &account;
    if (pthread_setspecific(end_of_thread, &me) != 0) fatal("no memory for a thread's key");
}

void call_hook(const Thread& me) {
    const ErrnoKept errno_kept;
    me.hook(me.hook_argument);
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
    if (me.account->state() == State::kWaiting) me.account->wait_ends(now());
    if (me.released) {
        if (GilObjects* objects = gil.objects()) me.switch_watch = &objects->switch_mutex;
        if (me.hook != nullptr) call_hook(me);
    }
    return result;
}

void take(Thread& me, Gil::Notes& notes) {
    me.account->taken(now(), me.contended);
    if (notes.holder != &me) ++notes.switches;
    notes.holder = &me;
    notes.locked = true;
    notes.requested = false;
}

void release(Thread& me, Gil::Notes& notes) {
    me.account->released(now(), notes.requested);
    me.released = true;
    notes.locked = false;
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
        take(me, me.inside->notes);
    } else if (cond == &objects->cond && holds_gil(me)) {
        release(me, me.inside->notes);
    }
}

void waiting(const pthread_cond_t* cond) noexcept {
    Thread& me = this_thread_state;
    const GilObjects* objects = me.inside->objects();
    if (objects == nullptr || cond != &objects->cond || holds_gil(me)) return;
    me.contended = true;
    me.switches_seen = me.inside->notes.switches;
    if (me.account->state() == State::kOff) me.account->wait_begins(now());
}

void waited(const pthread_cond_t* cond, int result) noexcept {
    const Thread& me = this_thread_state;
    const GilObjects* objects = me.inside->objects();
    if (objects == nullptr || cond != &objects->cond || holds_gil(me)) return;
    Gil::Notes& notes = me.inside->notes;
    if (result == ETIMEDOUT && notes.locked && notes.switches == me.switches_seen) notes.requested = true;
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
