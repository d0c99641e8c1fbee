#include "server/advisor/history.hpp"

#include <utility>

namespace baton::advisor {

void History::add(Snapshot snapshot) {
    snapshots_.push_back(std::move(snapshot));
    // The second one is old enough: the first is not needed any more.
    while (snapshots_.size() > 2 && snapshots_.back().at - snapshots_[1].at >= kSpan) snapshots_.pop_front();
}

const Snapshot& History::then(Nanoseconds now) const {
    const Snapshot* found = &snapshots_.front();
    for (const Snapshot& one : snapshots_) {
        if (now - one.at >= kSpan) found = &one;
    }
    return *found;
}

}  // namespace baton::advisor
