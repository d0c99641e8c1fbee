#include "interp/hold_names.hpp"

#include <utility>

namespace baton::interp {

bool HoldNames::wants(const std::string& by, std::chrono::nanoseconds unheeded, Nanoseconds now) {
    const std::lock_guard lock(mutex_);
    turn(now);
    return has_room_for(by, unheeded);
}

void HoldNames::add(NamedHold hold, Nanoseconds now) {
    const std::lock_guard lock(mutex_);
    turn(now);
    if (has_room_for(hold.by, hold.unheeded)) now_[hold.by] = std::move(hold);
}

std::vector<NamedHold> HoldNames::all(Nanoseconds now) {
    const std::lock_guard lock(mutex_);
    turn(now);
    std::vector<NamedHold> found;
    for (const auto& [by, hold] : now_) {
        const auto earlier = before_.find(by);
        const bool was_worse = earlier != before_.end() && earlier->second.unheeded > hold.unheeded;
        found.push_back(was_worse ? earlier->second : hold);
    }
    for (const auto& [by, hold] : before_) {
        if (!now_.contains(by)) found.push_back(hold);
    }
    return found;
}

void HoldNames::turn(Nanoseconds now) {
    const Nanoseconds period = now / kPeriod;
    if (period == period_) return;
    before_ = period == period_ + 1 ? std::exchange(now_, {}) : ByName{};
    now_.clear();
    period_ = period;
}

bool HoldNames::has_room_for(const std::string& by, std::chrono::nanoseconds unheeded) const {
    const auto known = now_.find(by);
    return known == now_.end() ? now_.size() < kMost : unheeded > known->second.unheeded;
}

}  // namespace baton::interp
