#include "server/trace/pieces.hpp"

#include <algorithm>

namespace baton::trace {

namespace {

// For each wait somebody more and somebody less.
std::vector<Waiters> changes(const Recording& recording) {
    std::size_t waits = 0;
    for (const Track& track : recording.tracks)
        for (std::size_t i = 0; i < track.slices.size(); ++i)
            waits += track.slices[i].doing == Doing::waiting;
    std::vector<Waiters> all;
    all.reserve(2 * waits + recording.interpreters.size());  // millions, which must not be copied
    for (std::size_t i = 0; i < recording.interpreters.size(); ++i)
        all.push_back({recording.begin, static_cast<std::uint32_t>(i), 0});
    for (const Track& track : recording.tracks) {
        for (std::size_t i = 0; i < track.slices.size(); ++i) {
            const Slice slice = track.slices[i];
            if (slice.doing != Doing::waiting) continue;
            all.push_back({slice.begin, static_cast<std::uint32_t>(track.interpreter), +1});
            all.push_back({slice.end, static_cast<std::uint32_t>(track.interpreter), -1});
        }
    }
    return all;
}

}  // namespace

std::vector<Waiters> waiters(const Recording& recording) {
    std::vector<Waiters> all = changes(recording);
    std::sort(all.begin(), all.end(), [](const Waiters& a, const Waiters& b) {
        return std::pair(a.at, a.interpreter) < std::pair(b.at, b.interpreter);
    });
    // In place: from changes to sums, of which the last of each moment counts.
    std::vector<std::int32_t> counts(recording.interpreters.size(), 0);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Waiters change = all[i];
        counts[change.interpreter] += change.count;
        const bool more =
            i + 1 < all.size() && all[i + 1].at == change.at && all[i + 1].interpreter == change.interpreter;
        if (!more) all[kept++] = {change.at, change.interpreter, counts[change.interpreter]};
    }
    all.resize(kept);
    return all;
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
        const Slices& all = recording_.tracks[track_].slices;
        for (; slice_ < all.size(); ++slice_) {
            if (out.size() >= kSize) return;
            format_->slice(out, recording_, track_, all[slice_]);
        }
    }
}

void Pieces::counters(std::string& out) {
    if (!counted_) {
        waiters_ = waiters(recording_);
        for (Track& track : recording_.tracks) track.slices = {};
    }
    counted_ = true;
    for (; waiter_ < waiters_.size() && out.size() < kSize; ++waiter_)
        format_->waiters(out, recording_, waiters_[waiter_]);
}

}  // namespace baton::trace
