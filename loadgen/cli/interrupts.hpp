// Ctrl-C and SIGTERM, told to whoever runs: the first ends the run properly, the second at once.
//
// Threads: construct before any other thread, so that all of them inherit the blocked signals; `told` is
// called on a thread of its own. Lifetime: as long as there is something to interrupt; they stay blocked
// afterwards. Cannot: catch SIGKILL.
#pragma once

#include <functional>
#include <thread>

namespace loadgen::cli {

class Interrupts {
  public:
    explicit Interrupts(std::function<void()> told);

  private:
    std::jthread thread_;
};

}  // namespace loadgen::cli
