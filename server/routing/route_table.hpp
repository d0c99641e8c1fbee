// Paths to a bounded set of labels: 100, and `_OTHER` for everything else.
//
// Threads: every method from any thread. Looking up takes no lock; only the first request of a new label
// does. Lifetime: outlives the threads that use it; ids and label texts stay what they are as long as it
// lives. Cannot: forget a label, so a bad choice of the first hundred stays until the next start; name routes
// (`--route`, or environ["baton.route"]) when paths have parts that are neither fixed nor identifiers.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/routing/template.hpp"

namespace baton::routing {

using RouteId = std::uint32_t;

class RouteTable {
  public:
    static constexpr std::size_t kLimit = 100;
    static constexpr RouteId kOther = 0;
    static constexpr std::size_t kIds = kLimit + 1;  // ids are 0 to 100

    // Templates get their labels at once. Throws std::invalid_argument for a bad template and for more than
    // kLimit.
    explicit RouteTable(const std::vector<std::string>& templates = {});

    struct Answer {
        RouteId id = kOther;
        bool settled = false;  // the same path will always get this id: it may be cached
    };
    // The label of a decoded path: the first template that matches, else the path with its identifiers
    // collapsed. With `known_only` (the request ended in 404) no new label is made: scanners must not eat the
    // table.
    Answer of_path(std::string_view path, bool known_only);
    // The label that the application gave.
    RouteId of_name(std::string_view name);

    // Valid for every id that this table has returned; also readable while others add.
    std::string_view label(RouteId id) const;
    // Ids below this exist.
    std::size_t size() const { return size_.load(std::memory_order_acquire); }

  private:
    static constexpr std::size_t kSlots = 256;  // open addressing, more than twice kIds

    struct Found {
        bool known;
        RouteId id;
    };
    Found find(std::string_view label) const;
    Answer find_or_add(std::string_view label, bool known_only);
    RouteId add(std::string_view label);

    std::vector<std::pair<Template, RouteId>> templates_;     // constant after construction
    std::array<std::string, kIds> labels_;                    // [0, size_) are constant
    std::array<std::atomic<std::uint32_t>, kSlots> slots_{};  // id + 1; 0 is free
    std::atomic<std::size_t> size_{0};
    std::mutex adding_;
};

}  // namespace baton::routing
