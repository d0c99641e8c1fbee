// CPU time of threads by what they are for.
//
// Threads: enter() and leave() on the thread itself, once each; seconds on any.
// Lifetime: outlives the threads that have entered.
// Cannot: see threads that never entered: their time is what is left of the process's, the application's.
#pragma once

#include <array>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <string_view>
#include <vector>

#include "server/dispatch/clock.hpp"

namespace baton::metrics {

using dispatch::Nanoseconds;

enum class Role { io, interpreter, admin, application };
inline constexpr std::array<std::string_view, 4> kRoleNames = {"io", "interpreter", "admin", "application"};

class ThreadClocks {
  public:
    // The calling thread has begun to work in this role; ends it.
    void enter(Role role);
    void leave();

    // By role, ended threads included. `application` is the rest of the process, main thread included.
    std::array<Nanoseconds, kRoleNames.size()> by_role() const;

    // For threads of which the work is one scope.
    class Scope {
      public:
        Scope(ThreadClocks& clocks, Role role) : clocks_(clocks) { clocks_.enter(role); }
        ~Scope() { clocks_.leave(); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        ThreadClocks& clocks_;
    };

  private:
    struct Entry {
        clockid_t clock;
        Role role;
    };

    mutable std::mutex mutex_;
    std::vector<Entry> running_;
    std::array<Nanoseconds, kRoleNames.size()> ended_{};
    // Sums must never fall: what a thread used between two reads of its clock and the process's may be
    // counted on either side, so the application's share keeps its highest value.
    mutable Nanoseconds application_ = 0;
};

}  // namespace baton::metrics
