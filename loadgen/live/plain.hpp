// The live view where no terminal is: a line now and then.
//
// Threads: pure. Lifetime: values. Cannot: be taken back.
#pragma once

#include <cstddef>
#include <string>

#include "loadgen/live/view.hpp"

namespace loadgen::live {

// Of the view's last seconds; without an end of line.
std::string plain_line(const View& view);
// Over how many seconds a line is: 1, or 5 in runs of more than a minute.
std::size_t seconds_per_line(const plan::Plan& plan) noexcept;

}  // namespace loadgen::live
