// The connections of one worker: which are idle, which are busy, and how many there may be.
//
// Threads: the worker's. Lifetime: the worker's. Cannot: wait; who finds no room does that.
#pragma once

#include <cstddef>
#include <vector>

#include "loadgen/engine/channel.hpp"

namespace loadgen::engine {

class Pool {
  public:
    explicit Pool(std::size_t most) : most_(most) {}

    // The idle channel of this kind that was used last: few stay warm, the rest may time out.
    ChannelPtr take_idle(std::size_t kind);
    // Whether one more may be opened. Closes an idle one of another kind if that makes the room.
    bool room();
    void busy(ChannelPtr channel);
    // Not busy any more: idle, or at its end.
    ChannelPtr release(Channel& channel);
    void idle(ChannelPtr channel);
    // An idle one is at its end.
    void forget(const Channel& channel);

    const std::vector<ChannelPtr>& all_busy() const noexcept { return busy_; }
    void close_idle();

  private:
    std::size_t most_;
    std::vector<ChannelPtr> busy_;
    std::vector<ChannelPtr> idle_;
};

}  // namespace loadgen::engine
