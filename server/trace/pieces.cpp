#include "server/trace/pieces.hpp"

#include <algorithm>

namespace baton::trace {

std::vector<Waiters> waiters(const Recording& recording) {
    std::vector<Waiters> changes;
    for (const Track& track : recording.tracks) {
        for (const Slice& slice : track.slices) {
            if (slice.doing != Doing::waiting) continue;
            changes.push_back({track.interpreter, slice.begin, +1});
            changes.push_back({track.interpreter, slice.end, -1});
        }
    }
    std::sort(changes.begin(), changes.end(), [](const Waiters& a, const Waiters& b) {
        return std::pair(a.at, a.interpreter) < std::pair(b.at, b.interpreter);
    });
    std::vector<std::int64_t> counts(recording.interpreters.size(), 0);
    std::vector<Waiters> result;
    for (std::size_t i = 0; i < counts.size(); ++i) result.push_back({i, recording.begin, 0});
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Waiters& change = changes[i];
        counts[change.interpreter] += change.count;
        const bool more = i + 1 < changes.size() && changes[i + 1].at == change.at &&
                          changes[i + 1].interpreter == change.interpreter;
        if (!more) result.push_back({change.interpreter, change.at, counts[change.interpreter]});
    }
    return result;
}

std::string Pieces::next() {
    std::string out;
    if (over_) return out;
    out.reserve(kSize + 1024);
    if (!begun_) format_->begin(out, recording_);
    begun_ = true;
    slices(out);
    if (out.size() >= kSize) return out;
    counters(out);
    if (out.size() >= kSize) return out;
    format_->end(out, recording_);
    over_ = true;
    return out;
}

void Pieces::slices(std::string& out) {
    for (; track_ < recording_.tracks.size(); ++track_, slice_ = 0) {
        const std::vector<Slice>& all = recording_.tracks[track_].slices;
        for (; slice_ < all.size(); ++slice_) {
            if (out.size() >= kSize) return;
            format_->slice(out, recording_, track_, all[slice_]);
        }
    }
}

void Pieces::counters(std::string& out) {
    if (!counted_) waiters_ = waiters(recording_);
    counted_ = true;
    for (; waiter_ < waiters_.size() && out.size() < kSize; ++waiter_)
        format_->waiters(out, recording_, waiters_[waiter_]);
}

}  // namespace baton::trace
