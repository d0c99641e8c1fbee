#include "server/history/history.hpp"

#include <algorithm>
#include <utility>

namespace baton::history {

void History::add(Moment now) {
    find_columns(now);
    if (last_ && now.at > last_->at) push(sample(*last_, now, columns_));
    last_ = std::move(now);
}

void History::find_columns(const Moment& now) {
    for (const GilMoment& gil : now.gils) {
        if (columns_.size() == Sample::kMostGils) return;
        if (std::find(columns_.begin(), columns_.end(), gil.interpreter) == columns_.end())
            columns_.push_back(gil.interpreter);
    }
}

void History::push(const Sample& sample) {
    // The wall clock was set back: what would lie in the future goes, a time axis only grows.
    while (size_ > 0 && at(size_ - 1).at > sample.at) --size_;
    if (size_ < kMost) {
        ring_[(first_ + size_++) % kMost] = sample;
        return;
    }
    ring_[first_] = sample;
    first_ = (first_ + 1) % kMost;
}

}  // namespace baton::history
