// Where in the code somebody kept the GIL although it had been asked for: of each name the worst of the last
// minute.
//
// Threads: any; guarded by a lock of its own. Lifetime: owns its texts.
// Cannot: keep more than kMost names in half a minute: later ones are left out. A name is remembered for half
// a minute at least, and for a minute at most.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/dispatch/clock.hpp"

namespace baton::interp {

struct NamedHold {
    std::string by;     // a route, or "thread:NAME" for holds of no request
    std::string where;  // the innermost frame at its end, "FILE:LINE (FUNCTION)"
    // How long it went on after it had been asked for.
    std::chrono::nanoseconds unheeded{};
};

class HoldNames {
  public:
    using Nanoseconds = dispatch::Nanoseconds;

    static constexpr std::size_t kMost = 64;
    static constexpr Nanoseconds kPeriod = 30'000'000'000;

    // Would it be kept? It is when nothing, or less, is known of this name in the present half minute.
    bool wants(const std::string& by, std::chrono::nanoseconds unheeded, Nanoseconds now);
    void add(NamedHold hold, Nanoseconds now);
    // In no order.
    std::vector<NamedHold> all(Nanoseconds now);

  private:
    using ByName = std::map<std::string, NamedHold>;

    void turn(Nanoseconds now);
    bool has_room_for(const std::string& by, std::chrono::nanoseconds unheeded) const;

    std::mutex mutex_;
    Nanoseconds period_ = 0;
    ByName now_;
    ByName before_;
};

}  // namespace baton::interp
