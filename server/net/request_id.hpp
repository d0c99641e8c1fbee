// Request ids: the client's when it is well-formed, else one of ours.
//
// Threads: one I/O thread each. Cannot: promise secrecy; ids are unique, not secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::net {

class RequestIds {
  public:
    RequestIds();
    // 16 hexadecimal digits, never twice in a process, and unlikely ever twice anywhere.
    void next(std::string& out);
    // 1 to 128 letters, digits and "._:/+=@-": nothing that could forge a log line or a header.
    static bool acceptable(std::string_view id);

  private:
    std::uint64_t state_;
};

}  // namespace baton::net
