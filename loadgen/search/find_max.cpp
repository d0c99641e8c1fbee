#include "loadgen/search/find_max.hpp"

#include <algorithm>

namespace loadgen::search {

namespace {

// A rate that a short trial keeps and a long one does not: one step down, a few times.
constexpr int kConfirmations = 5;

}  // namespace

FindMax::FindMax(Limits limits)
    : limits_(limits), rate_(std::clamp(limits.start, limits.least, limits.most)) {}

std::optional<FindMax::Trial> FindMax::next() const {
    if (stage_ == Stage::over) return std::nullopt;
    return Trial{rate_, stage_ == Stage::confirming};
}

void FindMax::tell(bool kept) {
    if (stage_ == Stage::over) return;
    if (stage_ == Stage::confirming && kept) {
        answer_ = rate_;
        stage_ = Stage::over;
        return;
    }
    if (kept) {
        kept_ = std::max(kept_, rate_);
    } else {
        failed_ = failed_ > 0 ? std::min(failed_, rate_) : rate_;
    }
    go_on();
}

void FindMax::go_on() {
    if (stage_ == Stage::confirming) {
        // The trial had been lucky.
        rate_ *= 1 - limits_.precision;
        if (++confirmations_ >= kConfirmations || rate_ < limits_.least) stage_ = Stage::over;
        return;
    }
    if (failed_ <= 0 && kept_ < limits_.most) {
        stage_ = Stage::doubling;
        rate_ = std::min(kept_ * 2, limits_.most);
    } else if (kept_ <= 0) {
        stage_ = Stage::halving;
        rate_ = failed_ / 2;
        if (rate_ < limits_.least) stage_ = Stage::over;
    } else if (failed_ > 0 && failed_ > kept_ * (1 + limits_.precision)) {
        stage_ = Stage::bisecting;
        rate_ = (kept_ + failed_) / 2;
    } else {
        stage_ = Stage::confirming;
        rate_ = kept_;
    }
}

std::optional<double> FindMax::answer() const {
    return answer_;
}

std::optional<double> FindMax::failed() const {
    return failed_ > 0 ? std::optional(failed_) : std::nullopt;
}

}  // namespace loadgen::search
