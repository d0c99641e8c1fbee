#include "loadgen/stats/histogram.hpp"

#include <cmath>

namespace loadgen::stats {

namespace {

// More than any run counts, and so few that sums of them are exact as doubles and don't overflow.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 48;

int shift_of(std::size_t cell) noexcept {
    const std::size_t half = cell >> Histogram::kHalfBits;
    return Histogram::kUnitBits + (half == 0 ? 0 : static_cast<int>(half) - 1);
}

double middle_of(std::size_t cell) noexcept {
    return (static_cast<double>(Histogram::lowest_of(cell).count()) +
            static_cast<double>(Histogram::highest_of(cell).count())) /
           2;
}

// Of so many values in ascending order, the one that `fraction` (above 0) are not above; from 1.
std::uint64_t rank_of(double fraction, std::uint64_t total) noexcept {
    // 0.07 of 100 are 7, although the nearest double to 0.07 times 100 is a little more.
    const double wanted = std::ceil(std::nextafter(fraction, 0.0) * static_cast<double>(total));
    return std::max(static_cast<std::uint64_t>(wanted), std::uint64_t{1});
}

// Ascending cells that exist, none of them empty, and as many values in them as is said.
bool counts_add_up(const Cells& cells) noexcept {
    std::uint64_t total = 0;
    std::size_t next = 0;
    for (const auto& [cell, count] : cells.counts) {
        if (cell < next || cell >= Histogram::kCells || count == 0 || count > kMostValues) return false;
        next = std::size_t{cell} + 1;
        total += count;
        if (total > kMostValues) return false;
    }
    return total == cells.total;
}

}  // namespace

void Cells::add(const Cells& other) {
    if (other.total == 0) return;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> both;
    both.reserve(counts.size() + other.counts.size());
    auto left = counts.begin();
    auto right = other.counts.begin();
    while (left != counts.end() && right != other.counts.end()) {
        if (left->first == right->first) {
            both.emplace_back(left->first, left->second + right->second);
            ++left;
            ++right;
        } else {
            both.push_back(left->first < right->first ? *left++ : *right++);
        }
    }
    both.insert(both.end(), left, counts.end());
    both.insert(both.end(), right, other.counts.end());
    counts = std::move(both);
    least = total == 0 ? other.least : std::min(least, other.least);
    most = std::max(most, other.most);
    sum += other.sum;
    total += other.total;
}

Nanoseconds Cells::at(double fraction) const noexcept {
    if (total == 0) return {};
    if (!(fraction > 0)) return least;
    if (fraction >= 1) return most;
    const std::uint64_t rank = rank_of(fraction, total);
    std::uint64_t seen = 0;
    for (const auto& [cell, count] : counts) {
        seen += count;
        if (seen >= rank) return std::min(Histogram::highest_of(cell), most);
    }
    return most;
}

void Histogram::add(const Histogram& other) {
    if (other.total_ == 0) return;
    if (counts_.empty()) counts_.resize(kCells);
    const std::size_t last = cell_of(other.most_);
    for (std::size_t cell = cell_of(other.least_); cell <= last; ++cell) counts_[cell] += other.counts_[cell];
    least_ = std::min(least_, other.least_);
    most_ = std::max(most_, other.most_);
    sum_ += other.sum_;
    total_ += other.total_;
}

bool Histogram::could_give(const Cells& cells) noexcept {
    if (!counts_add_up(cells)) return false;
    if (cells.total == 0) return cells.least.count() == 0 && cells.most.count() == 0 && cells.sum == 0;
    if (cells.least.count() < 0 || cells.least > cells.most || cells.most > kHighest) return false;
    if (cell_of(cells.least) != cells.counts.front().first) return false;
    if (cell_of(cells.most) != cells.counts.back().first) return false;
    // The sum is a double that has been added up in some order: a little room. NaN fits nowhere.
    const double total = static_cast<double>(cells.total);
    return cells.sum >= seconds_of(cells.least) * total * (1 - 1e-6) - 1e-9 &&
           cells.sum <= seconds_of(cells.most) * total * (1 + 1e-6) + 1e-9;
}

bool Histogram::add(const Cells& cells) {
    if (!could_give(cells) || total_ + cells.total > kMostValues) return false;
    if (cells.total == 0) return true;
    if (counts_.empty()) counts_.resize(kCells);
    for (const auto& [cell, count] : cells.counts) counts_[cell] += count;
    least_ = std::min(least_, cells.least);
    most_ = std::max(most_, cells.most);
    sum_ += std::nearbyint(cells.sum * 1e9);
    total_ += cells.total;
    return true;
}

void Histogram::reset() noexcept {
    if (total_ == 0) return;
    const auto first = counts_.begin();
    std::fill(first + static_cast<std::ptrdiff_t>(cell_of(least_)),
              first + static_cast<std::ptrdiff_t>(cell_of(most_)) + 1, 0);
    total_ = 0;
    sum_ = 0;
    least_ = Nanoseconds::max();
    most_ = Nanoseconds::zero();
}

Nanoseconds Histogram::mean() const noexcept {
    if (total_ == 0) return {};
    return Nanoseconds(std::llround(sum_ / static_cast<double>(total_)));
}

Nanoseconds Histogram::deviation() const noexcept {
    if (least() == most_) return {};  // the middle of its cell would be beside the one value
    const double mean = sum_ / static_cast<double>(total_);
    const std::size_t last = cell_of(most_);
    double squares = 0;
    for (std::size_t cell = cell_of(least_); cell <= last; ++cell) {
        if (counts_[cell] == 0) continue;
        const double off = middle_of(cell) - mean;
        squares += off * off * static_cast<double>(counts_[cell]);
    }
    return Nanoseconds(std::llround(std::sqrt(squares / static_cast<double>(total_))));
}

Nanoseconds Histogram::at(double fraction) const noexcept {
    if (total_ == 0) return {};
    if (!(fraction > 0)) return least_;
    if (fraction >= 1) return most_;
    const std::uint64_t rank = rank_of(fraction, total_);
    const std::size_t last = cell_of(most_);
    std::uint64_t seen = 0;
    for (std::size_t cell = cell_of(least_); cell < last; ++cell) {
        seen += counts_[cell];
        if (seen >= rank) return std::min(highest_of(cell), most_);
    }
    return most_;
}

Cells Histogram::cells() const {
    Cells out;
    if (total_ == 0) return out;
    const std::size_t last = cell_of(most_);
    for (std::size_t cell = cell_of(least_); cell <= last; ++cell) {
        if (counts_[cell] != 0) out.counts.emplace_back(static_cast<std::uint32_t>(cell), counts_[cell]);
    }
    out.least = least_;
    out.most = most_;
    out.sum = sum_ / 1e9;
    out.total = total_;
    return out;
}

Nanoseconds Histogram::lowest_of(std::size_t cell) noexcept {
    const int shift = shift_of(cell);
    const std::size_t within = cell - (static_cast<std::size_t>(shift - kUnitBits) << kHalfBits);
    return Nanoseconds(static_cast<Nanoseconds::rep>(within) << shift);
}

Nanoseconds Histogram::highest_of(std::size_t cell) noexcept {
    return lowest_of(cell) + Nanoseconds((Nanoseconds::rep{1} << shift_of(cell)) - 1);
}

}  // namespace loadgen::stats
