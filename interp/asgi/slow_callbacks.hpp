// Names callbacks that block the event loop: the request, how long, and where the code was when it had become
// too long.
//
// A thread of its own looks at the loop's clock; when a callback has run for longer than the limit it takes
// the GIL as soon as it can and reads the loop's Python stack. The report comes from the loop when the
// callback has returned.
//
// Threads: made and ended on the loop's thread, detached; ended() there, attached. Lifetime: within the
// loop's. Cannot: read the stack while one C call keeps the GIL, and says so.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "interp/asgi/step.hpp"
#include "interp/runtime.hpp"

namespace baton::interp::asgi {

class SlowCallbacks {
  public:
    using Nanoseconds = dispatch::Nanoseconds;

    SlowCallbacks(Runtime& runtime, Nanoseconds limit, const LoopClock& clock, PyThreadState* loop_thread);
    SlowCallbacks(const SlowCallbacks&) = delete;
    SlowCallbacks& operator=(const SlowCallbacks&) = delete;
    ~SlowCallbacks();

    Nanoseconds limit() const { return limit_; }
    // What to say of the callback with this number, which has taken so long.
    std::string describe(std::uint64_t serial, Nanoseconds length);

  private:
    void run();
    void look(PyThreadState* state);

    Runtime& runtime_;
    const Nanoseconds limit_;
    const LoopClock& clock_;
    PyThreadState* const loop_thread_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::uint64_t seen_ = 0;  // the callback whose stack this is
    Nanoseconds seen_after_ = 0;
    std::string stack_;
    std::thread thread_;
};

}  // namespace baton::interp::asgi
