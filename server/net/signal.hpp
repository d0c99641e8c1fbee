// Something that one coroutine waits for and anything else on the same I/O thread fires.
//
// Threads: one I/O thread. Lifetime: must outlive the waiting coroutine's suspension; destroyed with a waiter
// inside, it destroys that coroutine. Cannot: count: fired twice before a wait() is fired once.
#pragma once

#include <boost/asio/async_result.hpp>
#include <optional>
#include <utility>

#include "server/net/task.hpp"

namespace baton::net {

class Signal {
  public:
    // Resumes the waiter at once, inside this call.
    void fire() {
        if (!waiter_) {
            fired_ = true;
            return;
        }
        Handler waiter = std::move(*waiter_);
        waiter_.reset();
        std::move(waiter)();
    }

    Task<void> wait() {
        if (fired_) {
            fired_ = false;
            return ready();
        }
        return asio::async_initiate<const Await, void()>(
            [this](Handler handler) { waiter_.emplace(std::move(handler)); }, await);
    }

    // Ends the waiting coroutine where it is.
    void forget() { const std::optional<Handler> waiter = std::exchange(waiter_, std::nullopt); }

  private:
    using Handler = asio::async_result<Await, void()>::handler_type;

    static Task<void> ready() { co_return; }

    std::optional<Handler> waiter_;
    bool fired_ = false;
};

}  // namespace baton::net
