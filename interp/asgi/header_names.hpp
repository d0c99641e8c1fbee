// Request fields as ASGI wants them, [name in lower case, value] as bytes; what clients repeat in every
// request is made once.
//
// Threads: attached; nothing in here lets go of the GIL. Lifetime: the loop's. Cannot: grow with what clients
// invent; beyond kMost names nothing is kept, and secrets never are.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "interp/object.hpp"

namespace baton::interp::asgi {

class HeaderNames {
  public:
    // The tuple (name, value). Null with an exception when there is no memory.
    Owned field(std::string_view name, std::string_view value);

  private:
    static constexpr std::size_t kMost = 256;
    static constexpr std::size_t kLongestName = 64;
    static constexpr std::size_t kLongestValue = 512;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const;
    };
    struct Entry {
        Owned name;
        Owned last;  // the tuple of the last request that had it
        bool secret = false;
    };
    Entry* find(std::string_view name);

    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;  // by the name as sent
};

}  // namespace baton::interp::asgi
