// Shows a run while it runs, on a thread of its own: drawn over and over on a terminal, as lines elsewhere.
//
// Threads: begin() and end() by one thread; reads the collector from its own. Lifetime: the plan and the
// collector outlive it; destroying it ends it. Cannot: slow the run down by more than a copy of the sums each
// second.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::live {

enum class Style : std::uint8_t { screen, plain, none };

// On a terminal a screen, else lines.
Style style_for(int fd) noexcept;

class Viewer {
  public:
    Viewer(const plan::Plan& plan, const result::Collector& collector, Style style, int fd);
    ~Viewer();
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;

    // `start`: of the warm-up, as the engine was told.
    void begin(Moment start);
    // Takes the screen away, or prints the lines that are left. Nothing when it has not begun, or has ended.
    void end();

  private:
    void run_screen(const std::stop_token& stop, Moment measured);
    void run_plain(const std::stop_token& stop, Moment measured);
    // A moment of rest; false when it is time to end.
    bool pause(const std::stop_token& stop, Nanoseconds span);

    const plan::Plan& plan_;
    const result::Collector& collector_;
    Style style_;
    int fd_;
    std::mutex mutex_;
    std::condition_variable_any ended_;
    std::jthread thread_;
};

}  // namespace loadgen::live
