// The signals that end, reload or reopen: waited for by main, never handled in a handler.
//
// Threads: built by main before any other thread, which then inherit the blocked mask; wait() and again() on
// main. Lifetime: until the process ends. Cannot: reload or reopen yet: HUP and USR1 are taken and have
// nothing to do.
#pragma once

#include <chrono>
#include <csignal>

namespace baton {

class Signals {
  public:
    Signals();
    // Until the first TERM or INT.
    void wait();
    // Has another TERM or INT come since?
    bool again();
    // From here on the process ends with that status at the next TERM or INT, and after `patience` in any
    // case, whatever main is waiting for. Outlives this object.
    void end_process_by(std::chrono::seconds patience, int status) const;

  private:
    sigset_t set_{};
    bool again_ = false;
};

}  // namespace baton
