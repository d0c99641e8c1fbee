// The few pieces of protobuf's wire format that a trace needs, written by hand.
//
// Threads: a plain value. Lifetime: owns its bytes. Cannot: read, or write anything but what is here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/utf8.hpp"

namespace baton::trace {

class Message {
  public:
    Message& number(std::uint32_t field, std::uint64_t value) {
        key(field, 0);
        varint(value);
        return *this;
    }
    Message& flag(std::uint32_t field, bool value) { return number(field, value ? 1 : 0); }
    Message& fixed64(std::uint32_t field, std::uint64_t value) {
        key(field, 1);
        for (int shift = 0; shift < 64; shift += 8)
            bytes_.push_back(static_cast<char>((value >> shift) & 0xFF));
        return *this;
    }
    // UTF-8, as every string of protobuf's has to be, whatever `value` is.
    Message& text(std::uint32_t field, std::string_view value) {
        if (http::utf8_prefix(value) == value.size()) return raw(field, value);
        return raw(field, http::utf8(value));
    }
    Message& message(std::uint32_t field, const Message& value) { return raw(field, value.bytes_); }

    const std::string& bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }

  private:
    Message& raw(std::uint32_t field, std::string_view value) {
        key(field, 2);
        varint(value.size());
        bytes_.append(value);
        return *this;
    }
    void key(std::uint32_t field, std::uint32_t type) { varint(field << 3 | type); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    std::string bytes_;
};

}  // namespace baton::trace
