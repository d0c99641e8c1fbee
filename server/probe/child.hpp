// The command that is probed: started, given the signals that were meant for it, waited for.
//
// Threads: all of it on one thread, main's, before any other thread is started (which then inherit that the
// signals are blocked). Lifetime: Signals puts the signals back at its end; the child is waited for by
// wait(). Cannot: know of processes that leave the command behind as daemons.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace baton::probe {

// Takes the signals that are for the command; they are handed on by wait().
class Signals {
  public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    const sigset_t& all() const { return all_; }
    const sigset_t& before() const { return before_; }

  private:
    sigset_t all_{};
    sigset_t before_{};
};

class Child {
  public:
    // `additions` are NAME=VALUE, in place of the variables of these names. Throws std::system_error when the
    // command cannot be started.
    Child(const std::vector<std::string>& command, const std::vector<std::string>& additions,
          const Signals& signals);

    // The exit status; 128 and the signal's number when one ended it.
    int wait();

  private:
    void hand_on(const siginfo_t& signal) const;

    const Signals& signals_;
    pid_t pid_ = 0;
};

}  // namespace baton::probe
