#include "loadgen/compare/order.hpp"

#include <numeric>
#include <utility>

#include "loadgen/plan/random.hpp"

namespace loadgen::compare {

namespace {

// From 0 up, shuffled: Fisher and Yates. The same with every standard library, unlike std::shuffle.
std::vector<std::size_t> shuffled(std::size_t count, plan::Random& random) {
    std::vector<std::size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    for (std::size_t i = count; i > 1; --i) {
        const auto other = static_cast<std::size_t>(random.unit() * static_cast<double>(i));
        std::swap(numbers[i - 1], numbers[other]);
    }
    return numbers;
}

}  // namespace

std::vector<std::vector<std::size_t>> balanced_order(std::size_t servers, std::size_t rounds,
                                                     std::uint64_t seed) {
    plan::Random random(seed);
    std::vector<std::vector<std::size_t>> order;
    while (order.size() < rounds) {
        const std::vector<std::size_t> names = shuffled(servers, random);
        const std::vector<std::size_t> places = shuffled(servers, random);
        for (const std::size_t row : shuffled(servers, random)) {
            if (order.size() == rounds) break;
            std::vector<std::size_t> round;
            for (const std::size_t place : places) round.push_back(names[(row + place) % servers]);
            order.push_back(std::move(round));
        }
    }
    return order;
}

}  // namespace loadgen::compare
