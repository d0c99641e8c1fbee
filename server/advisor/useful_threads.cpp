#include "server/advisor/useful_threads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baton::advisor {

namespace {

constexpr double kMost = 512;

}  // namespace

double useful_threads(const Spent& spent, double cpus) {
    const auto hold = static_cast<double>(spent.hold);
    const double computing = (hold + static_cast<double>(spent.native)) / std::max(0.1, cpus);
    const double scarce = std::max({1.0, hold, computing});
    return std::max(1.0, (hold + static_cast<double>(spent.off)) / scarce);
}

std::string useful_text(double useful) {
    return useful > kMost ? fmt::format("more than {:.0f}", kMost)
                          : fmt::format("{:.0f}", std::ceil(useful - 0.01));
}

}  // namespace baton::advisor
