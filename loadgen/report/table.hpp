// A table of text for a terminal: columns as wide as their widest cell, two spaces between, numbers to the
// right.
//
// Threads: one at a time. Lifetime: a value. Cannot: break a cell over lines; bytes that continue a UTF-8
// character take no width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace loadgen::report {

class Table {
  public:
    // The first `left` columns are aligned to the left, the others to the right.
    explicit Table(std::size_t left) : left_(left) {}

    void row(std::vector<std::string> cells);
    // Every line with `indent` before it and an end of line behind it.
    std::string text(std::string_view indent) const;

  private:
    std::size_t left_;
    std::vector<std::vector<std::string>> rows_;
};

std::size_t width_of(std::string_view text) noexcept;

}  // namespace loadgen::report
