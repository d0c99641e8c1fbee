#include "interp/gil/blame.hpp"

namespace baton::gil {

void PendingBlame::add(Tag holding, std::int64_t nanoseconds) noexcept {
    std::size_t at = 0;
    while (at < count && parts[at].holding != holding) ++at;
    if (at == parts.size()) --at;  // no room: the last one stands for all others
    if (at == count) parts[count++] = {kNotKnownYet, holding, 0};
    if (parts[at].holding != holding) parts[at].holding = kOther;
    parts[at].nanoseconds += nanoseconds;
}

void BlameBook::held(Tag tag, std::int64_t from, std::int64_t to) noexcept {
    holds_[next_++ % kHolds] = {from, to, tag};
}

void BlameBook::hold_ended(Tag tag, std::int64_t length) noexcept {
    if (length > longest_[tag].load(std::memory_order_relaxed))
        longest_[tag].store(length, std::memory_order_relaxed);
}

void BlameBook::add(Tag waiting, Tag holding, std::int64_t nanoseconds) noexcept {
    std::atomic<std::int64_t>& sum = blame_[waiting][holding];
    sum.store(sum.load(std::memory_order_relaxed) + nanoseconds, std::memory_order_relaxed);
}

void BlameBook::kept_waiting(Tag holding, std::int64_t nanoseconds) noexcept {
    if (nanoseconds < kLongWait || holding == kNobody) return;
    Kept& kept = kept_[holding];
    kept.count.store(kept.count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    kept.sum.store(kept.sum.load(std::memory_order_relaxed) + nanoseconds, std::memory_order_relaxed);
}

std::vector<Blame> BlameBook::all() const {
    std::vector<Blame> found;
    for (std::size_t waiting = 0; waiting < kTags; ++waiting) {
        for (std::size_t holding = 0; holding < kTags; ++holding) {
            const std::int64_t sum = blame_[waiting][holding].load(std::memory_order_relaxed);
            if (sum > 0) found.push_back({static_cast<Tag>(waiting), static_cast<Tag>(holding), sum});
        }
    }
    return found;
}

std::vector<LongestHold> BlameBook::longest() const {
    std::vector<LongestHold> found;
    for (std::size_t tag = 0; tag < kTags; ++tag) {
        const std::int64_t length = longest_[tag].load(std::memory_order_relaxed);
        if (length > 0) found.push_back({static_cast<Tag>(tag), length});
    }
    return found;
}

std::vector<KeptWaiting> BlameBook::kept() const {
    std::vector<KeptWaiting> found;
    for (std::size_t tag = 0; tag < kTags; ++tag) {
        const std::uint64_t count = kept_[tag].count.load(std::memory_order_relaxed);
        if (count > 0)
            found.push_back({static_cast<Tag>(tag), count, kept_[tag].sum.load(std::memory_order_relaxed)});
    }
    return found;
}

void BlameBook::start_over() noexcept {
    for (auto& row : blame_) {
        for (auto& sum : row) sum.store(0, std::memory_order_relaxed);
    }
    for (auto& length : longest_) length.store(0, std::memory_order_relaxed);
    for (Kept& kept : kept_) {
        kept.count.store(0, std::memory_order_relaxed);
        kept.sum.store(0, std::memory_order_relaxed);
    }
    next_ = 0;
    holds_ = {};
}

}  // namespace baton::gil
