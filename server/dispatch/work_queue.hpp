// The queue between I/O threads and interpreter threads, and the parking place of idle interpreter threads.
//
// Threads: push() and flush() on I/O threads; try_pop() and park() on interpreter threads; the rest on any,
// but on_crowded() before all of them. try_pop() and released() never block and may be called with the GIL;
// park() blocks and must not. Lifetime: outlives all of its threads; close() ends every park(). Cannot: hold
// more than its limit: push() says no, and the caller answers 503.
//
// Waking is lazy on purpose. A thread that takes requests one after the other under one hold of the GIL needs
// no help; a second one would only stand in line for the lock. So flush() wakes a thread only when none has
// claimed a short request a moment ago, and a thread that lets go of the GIL in the middle of a request wakes
// another (released()).
#pragma once

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "server/dispatch/exchange.hpp"
#include "server/dispatch/tempo.hpp"

namespace baton::dispatch {

class WorkQueue final : public Dispatcher {
  public:
    explicit WorkQueue(std::size_t limit);
    ~WorkQueue() override;

    // I/O threads. push() queues without waking anyone; flush() does what is needed for what was pushed.
    // True: there is still work that nobody has claimed, call it again in about a millisecond.
    bool push(ExchangePtr exchange) override;
    bool flush(Nanoseconds at) override;

    // Interpreter threads. A null pointer means empty. The caller has still to claim() the Exchange.
    ExchangePtr try_pop(Nanoseconds at);
    // Waits until there is something to pop. False: end the thread; the queue is closed and empty, or
    // retire_one() chose this one.
    bool park();
    // This thread has let go of the GIL in the middle of a request: another may run.
    void released();

    // Ends the park() of the thread that has been idle longest. False: none is idle.
    bool retire_one();
    // Called by flush(), and so on I/O threads, while work waits, no thread is idle or on its way, and none
    // has claimed anything for a millisecond: all are in long requests. It must not block.
    void on_crowded(std::function<void()> hook) { crowded_ = std::move(hook); }
    // The fewest threads that have been idle at one time since the last call.
    std::size_t take_fewest_idle();

    // What to expect of requests; interpreter threads note what they have seen.
    Tempo& tempo() { return tempo_; }
    // Expected to be over so soon that its thread will be back before another could take its place.
    bool soon_over(const Exchange& exchange) const { return tempo_.short_of(exchange.route, kHot); }

    void close();
    std::size_t length() const override { return length_.load(std::memory_order_relaxed); }
    std::size_t idle_threads() const { return idle_count_.load(std::memory_order_relaxed); }

  private:
    struct Parked;

    // For so long (ns) after it has claimed a short request a thread is trusted to come back by itself.
    static constexpr Nanoseconds kHot = 100'000;

    static Parked& this_thread();
    bool wake_one();
    // Threads that were woken and stand in line for the GIL are enough when there is one for each request.
    bool enough_coming() const {
        return coming_.load(std::memory_order_relaxed) >= length_.load(std::memory_order_relaxed);
    }
    void set_coming(Parked& thread, bool coming);
    void count_idle();

    boost::lockfree::queue<Exchange*> exchanges_;
    const std::size_t limit_;
    alignas(64) std::atomic<std::size_t> length_{0};
    alignas(64) std::atomic<Nanoseconds> last_claim_{0};
    std::atomic<Nanoseconds> hot_until_{0};
    Tempo tempo_;
    std::atomic<bool> closed_{false};
    std::mutex idle_mutex_;
    std::vector<Parked*> idle_;  // the last to fall idle wakes first: its caches are warm
    std::atomic<std::size_t> idle_count_{0};
    std::size_t fewest_idle_ = 0;         // guarded by idle_mutex_
    std::atomic<std::size_t> coming_{0};  // woken, and neither at the queue nor parked again yet
    std::function<void()> crowded_;
};

}  // namespace baton::dispatch
