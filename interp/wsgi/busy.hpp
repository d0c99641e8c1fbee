// One user at a time for something that lives no longer than its request, although objects that lead to it
// may.
//
// Threads: try_enter() and leave() attached; settle() attached, lets go of the GIL while it waits.
// Lifetime: the request's. Cannot: be entered twice.
#pragma once

#include <atomic>

#include "interp/attach.hpp"

namespace baton::interp::wsgi {

class Busy {
  public:
    bool try_enter() { return !busy_.exchange(true, std::memory_order_acquire); }
    void leave() {
        busy_.store(false, std::memory_order_release);
        busy_.notify_all();
    }
    // Waits until nobody is inside. Nobody must be able to enter any more.
    void settle() {
        while (busy_.load(std::memory_order_acquire)) {
            const Detach detached;
            busy_.wait(true, std::memory_order_acquire);
        }
    }

  private:
    std::atomic<bool> busy_{false};
};

}  // namespace baton::interp::wsgi
