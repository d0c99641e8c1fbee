// One thread's memory of the paths it has seen last, in front of the RouteTable: a known path costs one hash
// and one comparison.
//
// Threads: one; every I/O thread has its own.
// Lifetime: the table outlives it.
// Cannot: grow: 512 entries, one per hash value, the newer path replaces the older.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "server/routing/route_table.hpp"

namespace baton::routing {

class RouteCache {
  public:
    explicit RouteCache(RouteTable& table) : table_(table) {}

    // As RouteTable::of_path.
    RouteId of_path(std::string_view path, bool known_only) {
        Entry& entry = entries_[std::hash<std::string_view>()(path) % kEntries];
        if (entry.path == path && !path.empty()) return entry.id;
        const RouteTable::Answer answer = table_.of_path(path, known_only);
        if (answer.settled && path.size() <= kLongest) {
            entry.path.assign(path);
            entry.id = answer.id;
        }
        return answer.id;
    }
    RouteId of_name(std::string_view name) { return table_.of_name(name); }

  private:
    static constexpr std::size_t kEntries = 512;
    static constexpr std::size_t kLongest = 128;

    struct Entry {
        std::string path;
        RouteId id = RouteTable::kOther;
    };

    RouteTable& table_;
    std::array<Entry, kEntries> entries_;
};

}  // namespace baton::routing
