// Names who held the GIL for long: route, request, and the Python stack at the end of the hold. Holds of any
// kind are logged, where that is asked for. Remembered by name are those that went on although another thread
// had asked for the GIL: Python code lets go then, C code that does not look does not.
//
// The thread that has just let go of the GIL waits, detached and without locks, until a reporter thread has
// taken the GIL and read the first one's frames, which stand still meanwhile; then it hands over the report
// and goes on. When the reporter does not get the GIL in time, the report has no stack.
//
// Threads: made and ended by main, detached; the log and `route_name` are used on the threads that held the
// GIL, detached. Lifetime: made before other threads run Python; ends before the Runtime, and from then on
// nothing is reported. Cannot: log more than kMostPerSecond (the rest is counted), report holds of the
// reporter's own, or holds in a process that the application has forked; name the C function: only the line
// that called it is known.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "interp/hold_names.hpp"
#include "interp/runtime.hpp"

namespace baton::interp {

class LongHolds {
  public:
    // A text for a route's id (0: not known yet) and a request's path, fit for a log.
    using RouteName = std::function<std::string(std::uint32_t, const std::string&)>;

    static constexpr std::chrono::milliseconds kNamed{10};

    struct Limits {
        std::chrono::nanoseconds logged = std::chrono::nanoseconds::max();  // holds of that length
        // Holds that went on for so long after somebody had asked for the GIL.
        std::chrono::nanoseconds named = kNamed;
    };

    static constexpr unsigned kMostPerSecond = 10;
    // Of those that are only to be named: their threads wait for it.
    static constexpr unsigned kMostNamedPerSecond = 1;
    static constexpr std::chrono::milliseconds kPatience{100};
    static constexpr int kDepth = 12;  // frames of a stack

    LongHolds(Runtime& runtime, Limits limits, RouteName route_name, spdlog::logger& log);
    LongHolds(const LongHolds&) = delete;
    LongHolds& operator=(const LongHolds&) = delete;
    ~LongHolds();

    // Of the last minute, in no order. From any thread, never waits for the GIL.
    std::vector<NamedHold> named() const;

  private:
    struct Shared;

    Shared& shared_;  // never freed: any thread may be about to ask it whether it is still open
    std::thread reporter_;
};

}  // namespace baton::interp
