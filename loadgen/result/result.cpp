#include "loadgen/result/result.hpp"

#include <algorithm>
#include <numeric>

namespace loadgen::result {

namespace {

std::uint64_t at(const std::array<std::uint64_t, kFailures>& failures, Failure failure) noexcept {
    return failures[static_cast<std::size_t>(failure)];
}

}  // namespace

void Sum::add(const Tally& tally) {
    due += tally.due;
    sent += tally.sent;
    again += tally.again;
    answered += tally.answered;
    for (std::size_t i = 0; i < kFailures; ++i) failures[i] += tally.failures[i];
    for (const auto& [status, count] : tally.statuses) statuses[status] += count;
    bytes_in += tally.bytes_in;
    bytes_out += tally.bytes_out;
    response.add(tally.response);
    service.add(tally.service);
    first_byte.add(tally.first_byte);
    failed.add(tally.failed);
}

void Sum::add(const Sum& other) {
    due += other.due;
    sent += other.sent;
    again += other.again;
    answered += other.answered;
    for (std::size_t i = 0; i < kFailures; ++i) failures[i] += other.failures[i];
    for (const auto& [status, count] : other.statuses) statuses[status] += count;
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    response.add(other.response);
    service.add(other.service);
    first_byte.add(other.first_byte);
    failed.add(other.failed);
    behind += other.behind;
}

std::uint64_t Sum::expected() const noexcept {
    return answered - std::min(answered, at(failures, Failure::unexpected));
}

double Sum::rate(double wall) const noexcept {
    if (!(wall > 0)) return 0;
    return static_cast<double>(expected() - std::min(expected(), behind)) / wall;
}

std::uint64_t Sum::errors() const noexcept {
    return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

std::uint64_t Sum::ended() const noexcept {
    return expected() + errors();
}

double Sum::error_share() const noexcept {
    const std::uint64_t all = ended();
    return all == 0 ? 0 : static_cast<double>(errors()) / static_cast<double>(all);
}

double Result::rate() const noexcept {
    return all.rate(self.wall);
}

double Result::offered() const noexcept {
    return self.wall > 0 ? static_cast<double>(all.due) / self.wall : 0;
}

bool enough(std::uint64_t samples, double fraction) noexcept {
    const double beyond = std::min(fraction, 1 - fraction);
    // 1 - 0.99 is a little less than 0.01 as a double, and 1000 are enough all the same.
    return static_cast<double>(samples) * beyond >= 10 - 1e-6;
}

Brief brief_of(const stats::Cells& cells) noexcept {
    const auto at = [&cells](double fraction) {
        return enough(cells.total, fraction) ? std::optional(cells.at(fraction)) : std::nullopt;
    };
    return {cells.total, at(0.50), at(0.90), at(0.99), cells.most};
}

std::optional<Nanoseconds> percentile(const stats::Histogram& histogram, double fraction) noexcept {
    if (!enough(histogram.count(), fraction)) return std::nullopt;
    return histogram.at(fraction);
}

}  // namespace loadgen::result
