// What interpreter threads have to say to one I/O thread: a list of Exchanges to look at.
//
// Threads: post() from any thread, lock-free, may be called with the GIL; everything else from the I/O
// thread. Lifetime: outlives every Exchange that calls it home. Cannot: block. It wakes the I/O thread only
// when that one has said that it sleeps, at most once per sleep.
#pragma once

#include <atomic>
#include <functional>

#include "server/dispatch/exchange.hpp"

namespace baton::dispatch {

class Inbox {
  public:
    // `wake` interrupts the I/O thread's wait; called on the posting thread.
    explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}
    ~Inbox();

    // `unhurried`: more posts will follow soon, so a sleeper that is about to look by itself is left asleep.
    void post(ExchangePtr exchange, bool unhurried = false);

    // Tells the observers of everything posted, oldest first; true if there was anything.
    bool drain();
    // Between prepare_sleep() and awake() a post wakes the thread. False: there is mail, do not sleep.
    // `briefly`: the thread will look by itself within about a millisecond.
    bool prepare_sleep(bool briefly);
    void awake() { sleep_.store(Sleep::none, std::memory_order_relaxed); }

  private:
    enum class Sleep : unsigned char { none, brief, deep };

    std::function<void()> wake_;
    alignas(64) std::atomic<Exchange*> newest_{nullptr};
    alignas(64) std::atomic<Sleep> sleep_{Sleep::none};
};

}  // namespace baton::dispatch
