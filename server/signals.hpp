// The signals that end, reload or reopen: noted by a handler, waited for by main.
//
// Threads: built by main before any other thread; loaded(), asked(), wait() and again() on main. No thread
// blocks them: what an application starts would inherit that, and be a child process that nobody can
// terminate. Lifetime: until the process ends. Until loaded(), TERM and INT end the process at once, so that
// an application that is imported for ever can be ended. A process that the application forks is ended by
// them as if there were no handler. Cannot: reload or reopen yet: HUP and USR1 are taken and have nothing to
// do.
#pragma once

#include <chrono>

namespace baton {

class Signals {
  public:
    Signals();
    // The application is there: signals are for wait() and again() from now on, whatever handlers it has set.
    void loaded();
    // Has a TERM or INT come?
    bool asked() const;
    // Until the first TERM or INT.
    void wait();
    // Has another TERM or INT come since?
    bool again();

  private:
    unsigned seen_ = 0;
};

// From here on the process ends with that status at the next TERM or INT, and after `patience` in any case,
// whatever main is waiting for.
void end_process_by(std::chrono::milliseconds patience, int status);

}  // namespace baton
