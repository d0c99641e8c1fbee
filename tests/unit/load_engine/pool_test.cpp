#include "loadgen/engine/pool.hpp"

#include <gtest/gtest.h>

namespace loadgen::engine {
namespace {

class Silent final : public Channel {
  public:
    using Channel::Channel;
    void start(const Job&) override {}
    void abort(result::Failure) override { ++aborted; }
    int aborted = 0;
};

ChannelPtr make(std::size_t kind) {
    return {new Silent(kind)};
}
int aborted(const ChannelPtr& channel) {
    return static_cast<const Silent&>(*channel).aborted;
}

TEST(Pool, TheLastUsedOfItsKindIsTakenFirst) {
    Pool pool(10);
    const ChannelPtr first = make(1), second = make(1), other = make(2);
    for (const ChannelPtr& channel : {first, second, other}) pool.idle(channel);
    EXPECT_EQ(pool.take_idle(1), second);
    EXPECT_EQ(pool.take_idle(1), first);
    EXPECT_FALSE(pool.take_idle(1));
    EXPECT_EQ(pool.take_idle(2), other);
}

TEST(Pool, RoomIsMadeOfIdleOnesOnly) {
    Pool pool(2);
    const ChannelPtr busy = make(1), idle = make(1);
    pool.busy(busy);
    EXPECT_TRUE(pool.room());
    pool.idle(idle);
    EXPECT_TRUE(pool.room());
    EXPECT_EQ(aborted(idle), 1);
    pool.busy(make(2));
    EXPECT_FALSE(pool.room());
    EXPECT_EQ(aborted(busy), 0);
}

TEST(Pool, BusyOnesAreReleasedInAnyOrder) {
    Pool pool(10);
    const ChannelPtr a = make(1), b = make(1), c = make(1);
    for (const ChannelPtr& channel : {a, b, c}) pool.busy(channel);
    EXPECT_EQ(pool.release(*a), a);
    EXPECT_EQ(pool.release(*c), c);
    EXPECT_EQ(pool.release(*b), b);
    EXPECT_TRUE(pool.all_busy().empty());
}

TEST(Pool, ForgottenOnesAreGone) {
    Pool pool(10);
    const ChannelPtr one = make(1);
    pool.idle(one);
    pool.forget(*one);
    EXPECT_FALSE(pool.take_idle(1));
}

}  // namespace
}  // namespace loadgen::engine
