// Names of request fields -> keys of the environ, and the values seen last, so that what clients repeat in
// every request costs a comparison instead of a new string.
//
// Threads: attached; nothing in here lets go of the GIL, which is its lock.
// Lifetime: the WSGI application's. Cannot: grow with what clients invent; beyond kMost names are not kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "interp/object.hpp"
#include "interp/wsgi/strings.hpp"

namespace baton::interp::wsgi {

inline PyObject* latin1(std::string_view bytes) {
    return PyUnicode_DecodeLatin1(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
}

// The str of a value that is probably the same as last time.
class LastValue {
  public:
    // Null with an exception when there is no memory.
    Owned get(std::string_view bytes);

  private:
    static constexpr std::size_t kLongest = 256;
    Owned last_;
};

class HeaderKeys {
  public:
    enum class Role { plain, cookie, secret, content_type, content_length, dropped };
    struct Entry {
        Owned key;
        Role role = Role::plain;
        LastValue value;
        std::uint64_t seen = 0;  // number of the request that had it last: tells a repeated field
    };

    explicit HeaderKeys(const Strings& strings);

    // Null, without an exception, when the table is full; use make_key() then.
    Entry* find(std::string_view name);
    // "User-Agent" -> "HTTP_USER_AGENT". Throws nothing; null with an exception when there is no memory.
    static Owned make_key(std::string_view name);

  private:
    static constexpr std::size_t kMost = 256;
    static constexpr std::size_t kLongestName = 64;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const;
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const;
    };

    Entry* add(std::string_view name);

    const Strings& strings_;
    std::unordered_map<std::string, Entry, Hash, Equal> entries_;
};

}  // namespace baton::interp::wsgi
