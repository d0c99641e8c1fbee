#include "loadgen/books/books.hpp"

namespace loadgen::books {

std::optional<double> Books::requests_per_cpu_second() const {
    if (requests <= 0 || cpu <= 0) return std::nullopt;
    return requests / cpu;
}

}  // namespace loadgen::books
