// Draws a view as lines for a terminal.
//
// Threads: pure. Lifetime: values. Cannot: know the terminal; what it can do is in Look.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "loadgen/live/view.hpp"

namespace loadgen::live {

struct Look {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool colours = false;
    bool utf8 = false;  // shades instead of ASCII in the strip and the bar
};

// Lines without their ends, none wider than the columns, and fewer than the rows, so that nothing scrolls: in
// a low window the strip is left out first, then what is at the end.
using Frame = std::vector<std::string>;
Frame render(const View& view, const Look& look);

}  // namespace loadgen::live
