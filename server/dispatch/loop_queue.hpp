// The mailbox of an event loop: new requests, and news of those that it has (a body came, a client left,
// there is room again).
//
// Threads: push(), post() and flush() on I/O threads; fd(), begin(), take(), taken() and rest() on the loop's
// thread; length() on any. Lifetime: outlives both. Cannot: wake the loop by itself: flush() does, once for
// all mail since the loop said that it rests, through a descriptor that the loop watches.
#pragma once

#include <atomic>

#include "server/dispatch/exchange.hpp"

namespace baton::dispatch {

class LoopQueue final : public Dispatcher {
  public:
    // `limit`: requests that wait for the loop. Throws std::system_error when the system has no descriptor.
    explicit LoopQueue(std::size_t limit);
    LoopQueue(const LoopQueue&) = delete;
    LoopQueue& operator=(const LoopQueue&) = delete;
    ~LoopQueue() override;

    bool push(ExchangePtr exchange) override;
    // News of an Exchange that the loop has; several before it looks are one.
    void post(ExchangePtr exchange);
    bool flush(Nanoseconds at) override;
    std::size_t length() const override { return length_.load(std::memory_order_relaxed); }

    // Readable when there is mail and the loop rests; level-triggered until begin().
    int fd() const { return fd_; }
    // From here to rest() mail needs no wake-up.
    void begin();
    // The oldest; null when there is none. The caller claims it when it is new.
    ExchangePtr take();
    // It will be the next one.
    void put_back(ExchangePtr exchange);
    // What take() gave was a new request, which waits no longer; false: it was news of an old one.
    bool taken(Exchange& exchange);
    // False: there is mail, take() again before resting.
    bool rest();
    // Wakes the loop, as mail would.
    void wake();

  private:
    const std::size_t limit_;
    int fd_ = -1;
    Exchange* oldest_ = nullptr;  // taken over in order; the loop's
    alignas(64) std::atomic<Exchange*> newest_{nullptr};
    alignas(64) std::atomic<bool> woken_{false};
    std::atomic<std::size_t> length_{0};
};

}  // namespace baton::dispatch
