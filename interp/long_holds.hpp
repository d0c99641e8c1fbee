// Names who held the GIL for long: route, request, and the Python stack at the end of the hold.
//
// The thread that has just let go of the GIL waits, detached and without locks, until a reporter thread has
// taken the GIL and read the first one's frames, which stand still meanwhile; then it hands over the report
// and goes on. When the reporter does not get the GIL in time, the report has no stack.
//
// Threads: made and ended by main, detached; the log and `route_name` are used on the threads that held the
// GIL, detached. Lifetime: made before other threads run Python; ends before the Runtime, and from then on
// nothing is reported. Cannot: report more than kMostPerSecond (the rest is counted), holds of the reporter's
// own, or holds in a process that the application has forked.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "interp/runtime.hpp"

namespace baton::interp {

// The last report on a route or, for holds of no request, on threads of a name; the last one that knows where
// it was, as soon as there is one.
struct NamedHold {
    std::string by;
    std::string where;  // the innermost frame, "FILE:LINE (FUNCTION)"; empty when it is not known
    std::chrono::nanoseconds length{};
};

class LongHolds {
  public:
    // A text for a route's id (0: not known yet) and a request's path, fit for a log.
    using RouteName = std::function<std::string(std::uint32_t, const std::string&)>;

    static constexpr unsigned kMostPerSecond = 10;
    static constexpr std::chrono::milliseconds kPatience{100};
    static constexpr int kDepth = 12;  // frames of a stack
    static constexpr std::size_t kNames = 64;

    LongHolds(Runtime& runtime, std::chrono::nanoseconds limit, RouteName route_name, spdlog::logger& log);
    LongHolds(const LongHolds&) = delete;
    LongHolds& operator=(const LongHolds&) = delete;
    ~LongHolds();

    // At most kNames, in no order. From any thread, never waits for the GIL.
    std::vector<NamedHold> named() const;

  private:
    struct Shared;

    Shared& shared_;  // never freed: any thread may be about to ask it whether it is still open
    std::thread reporter_;
};

}  // namespace baton::interp
