// Which endpoint a request goes to: by the endpoints' weights, but decided by the seed and the request's
// number alone, so that a run can be repeated and the parts of one schedule agree.
//
// Threads: const after it has been made, so any. Lifetime: a value. Cannot: keep the shares exactly; they are
// those of fair dice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "loadgen/plan/plan.hpp"

namespace loadgen::plan {

class Mix {
  public:
    // At least one endpoint; weights are not negative, and not all 0.
    Mix(const std::vector<Endpoint>& endpoints, std::uint64_t seed);

    // An index into the endpoints.
    std::size_t pick(std::uint64_t number) const noexcept;
    // How many of so many are each endpoint's, by the weights alone.
    std::vector<std::uint64_t> split(std::uint64_t count) const;

  private:
    std::vector<std::uint64_t> below_;  // by endpoint: dice below this (and not below the one before) are its
    std::uint64_t salt_;
};

}  // namespace loadgen::plan
