// Who runs when: every server once in each round, in an order that is random and yet fair.
//
// A machine that grows warm, or busier, must not favour whoever runs first: over as many rounds as there are
// servers, each has been in every place once (a Latin square with its rows, its columns and its names
// shuffled).
//
// Threads: pure. Lifetime: values. Cannot: be fair over a number of rounds that is no multiple of the number
// of servers; then it is as near as it gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace loadgen::compare {

// By round, by place: which server.
std::vector<std::vector<std::size_t>> balanced_order(std::size_t servers, std::size_t rounds,
                                                     std::uint64_t seed);

}  // namespace loadgen::compare
