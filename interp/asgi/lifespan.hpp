// The protocol "lifespan" of ASGI: an application's start-up before the first request, its shut-down after
// the last.
//
// Threads: the loop's; attached. Lifetime: the loop's. Cannot: make an application that does not know
// lifespan take part; such a one is served without (Lifespan::automatic).
#pragma once

#include <functional>
#include <string>

#include "interp/asgi/event_loop.hpp"
#include "interp/asgi/loop.hpp"

namespace baton::interp::asgi {

class LifespanRun {
  public:
    enum class State { idle, starting, started, unsupported, failed, stopping, stopped };

    // `changed` is called when the start-up or the shut-down is over.
    LifespanRun(Loop& loop, Borrowed application, Lifespan mode, std::function<void()> changed);
    LifespanRun(const LifespanRun&) = delete;
    LifespanRun& operator=(const LifespanRun&) = delete;

    void start();
    void stop();
    State state() const { return state_; }
    const std::string& failure() const { return failure_; }
    // The dict that the application may have filled.
    Borrowed shared_state() const { return shared_state_; }

    // --- Of its Python side.
    Owned receive();
    bool message(Borrowed message);
    void returned();
    void raised();

  private:
    void settle(State state, std::string failure = {});
    void gave_up(const std::string& why, const std::string& traceback);

    Loop& loop_;
    Owned application_;
    const Lifespan mode_;
    const std::function<void()> changed_;
    Owned shared_state_;
    Owned task_;
    Owned stop_event_;  // a future
    State state_ = State::idle;
    bool asked_ = false;  // receive() has been called
    std::string failure_;
};

}  // namespace baton::interp::asgi
