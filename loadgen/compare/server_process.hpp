// A server under comparison: a command of the shell in a process group of its own, what it says kept in a
// file without a name.
//
// Threads: the one that constructs it, which has to live as long (the kernel kills the server when that
// thread ends, so that not even a SIGKILL leaves one behind). Lifetime: the destructor ends the server and
// everything it has started. Cannot: share its process with other children: all children of this process
// count as the server's, so there is one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "loadgen/clock.hpp"

namespace loadgen::compare {

class ServerProcess {
  public:
    // Throws std::system_error when no process is to be had. A command that does not exist ends with 127.
    explicit ServerProcess(const std::string& command);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    // While the command itself, or anything that it has started, is alive.
    bool running();
    // How the command itself ended: "exit status 1", "signal 9 (Killed)"; empty while it runs.
    std::string ending();
    // The end of what it has said, on standard output and standard error.
    std::string said() const;

    // SIGTERM to all; after `patience` SIGKILL to all who are left. False when it took the latter.
    bool stop(Nanoseconds patience);

    pid_t pid() const noexcept { return pid_; }

  private:
    void reap();
    void reap_all_ended();

    int output_ = -1;
    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
};

}  // namespace loadgen::compare
