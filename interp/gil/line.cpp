#include "interp/gil/line.hpp"

namespace baton::gil {

void Line::join(Waiter& waiter) noexcept {
    Row& row = rows_[waiter.level];
    // Most are new and go to the end; who comes back after a short turn, or was overtaken, is among the
    // first.
    Waiter* before = row.tail;
    if (before != nullptr && waiter.since < row.head->since) before = nullptr;
    while (before != nullptr && waiter.since < before->since) before = before->before;
    waiter.before = before;
    waiter.after = before == nullptr ? row.head : before->after;
    (before == nullptr ? row.head : before->after) = &waiter;
    (waiter.after == nullptr ? row.tail : waiter.after->before) = &waiter;
    waiter.place = Waiter::Place::kInLine;
    ++size_;
}

void Line::leave(Waiter& waiter) noexcept {
    Row& row = rows_[waiter.level];
    (waiter.before == nullptr ? row.head : waiter.before->after) = waiter.after;
    (waiter.after == nullptr ? row.tail : waiter.after->before) = waiter.before;
    waiter.before = nullptr;
    waiter.after = nullptr;
    waiter.place = Waiter::Place::kOut;
    --size_;
}

// The head of a row has waited longest, so no other of its row is worth more.
Waiter* Line::best(std::int64_t time) const noexcept {
    Waiter* best = nullptr;
    Level worth = kLevels;
    for (const Row& row : rows_) {
        if (row.head == nullptr) continue;
        const Level level = aged(row.head->level, time - row.head->since);
        if (level > worth || (level == worth && row.head->since >= best->since)) continue;
        best = row.head;
        worth = level;
    }
    return best;
}

}  // namespace baton::gil
