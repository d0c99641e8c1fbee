// The terminal: what it can do, and the part of it that is drawn over again and again.
//
// Threads: one at a time. Lifetime: a Screen has the cursor hidden from its first frame until it is
// destroyed, however that comes about. Cannot: restore it when the process is killed.
#pragma once

#include <cstddef>
#include <string_view>

#include "loadgen/live/frame.hpp"

namespace loadgen::live {

bool is_terminal(int fd) noexcept;  // and one that can move its cursor: not with TERM=dumb, nor without TERM
bool wants_colours(int fd) noexcept;  // such a terminal, unless NO_COLOR is set to something
bool speaks_utf8() noexcept;          // by the locale's environment variables
Look look_of(int fd) noexcept;  // all of it, with the size of the window; 80 by 24 when that is not known

// All of it, or false: nobody is there to read.
bool write_all(int fd, std::string_view text) noexcept;

class Screen {
  public:
    explicit Screen(int fd) : fd_(fd) {}
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // In the place of the frame before.
    bool show(const Frame& frame, std::size_t columns);
    // Takes the frame away and gives the cursor back.
    void clear() noexcept;

  private:
    int fd_;
    std::size_t lines_ = 0;
    std::size_t columns_ = 0;
    bool hidden_ = false;
};

}  // namespace loadgen::live
