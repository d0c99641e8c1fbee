#include "loadgen/engine/pool.hpp"

#include <algorithm>
#include <utility>

namespace loadgen::engine {

ChannelPtr Pool::take_idle(std::size_t kind) {
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                    [kind](const ChannelPtr& channel) { return channel->pool() == kind; });
    if (found == idle_.rend()) return {};
    ChannelPtr channel = std::move(*found);
    idle_.erase(std::next(found).base());
    return channel;
}

bool Pool::room() {
    if (busy_.size() + idle_.size() < most_) return true;
    if (idle_.empty()) return false;
    const ChannelPtr oldest = std::move(idle_.front());
    idle_.erase(idle_.begin());
    oldest->abort(result::Failure::none);
    return true;
}

void Pool::busy(ChannelPtr channel) {
    channel->position = busy_.size();
    busy_.push_back(std::move(channel));
}

ChannelPtr Pool::release(Channel& channel) {
    const std::size_t position = channel.position;
    ChannelPtr released = std::move(busy_[position]);
    if (position + 1 != busy_.size()) {
        busy_[position] = std::move(busy_.back());
        busy_[position]->position = position;
    }
    busy_.pop_back();
    return released;
}

void Pool::idle(ChannelPtr channel) {
    idle_.push_back(std::move(channel));
}

void Pool::forget(const Channel& channel) {
    std::erase_if(idle_, [&](const ChannelPtr& one) { return one.get() == &channel; });
}

void Pool::close_idle() {
    for (const ChannelPtr& channel : std::exchange(idle_, {})) channel->abort(result::Failure::none);
}

}  // namespace loadgen::engine
