// What an Exchange is to an event loop: nothing blocks, everything is told.
#include <gtest/gtest.h>

#include <string>

#include "server/dispatch/exchange.hpp"
#include "server/dispatch/inbox.hpp"
#include "server/dispatch/loop_queue.hpp"

namespace baton::dispatch {
namespace {

struct ExchangeOnALoop : testing::Test, ExchangeObserver {
    void exchange_event() final { ++io_events; }
    void SetUp() override {
        exchange->observer = this;
        ASSERT_TRUE(queue.push(exchange));
        told_application();
    }
    void TearDown() override { exchange->observer = nullptr; }
    bool told_io() {
        inbox.drain();
        return std::exchange(io_events, 0) > 0;
    }
    bool told_application() {
        bool told = false;
        while (queue.take()) told = true;
        return told;
    }

    LoopQueue queue{8};
    Inbox inbox{[] {}};
    ExchangePtr exchange{new Exchange(inbox)};
    int io_events = 0;
};

TEST_F(ExchangeOnALoop, WritesWhatThereIsRoomFor) {
    const std::string much(Exchange::kPipeCapacity + 10, 'x');
    std::string_view rest = much;
    EXPECT_FALSE(exchange->try_write(rest));
    EXPECT_EQ(rest.size(), 10U);
    EXPECT_TRUE(told_io());
    EXPECT_FALSE(exchange->try_write(rest));
    EXPECT_FALSE(told_io()) << "nothing new";
    std::string taken;
    exchange->pipe().try_take(taken);
    EXPECT_EQ(taken.size(), Exchange::kPipeCapacity);
    EXPECT_TRUE(exchange->try_write(rest));
    EXPECT_TRUE(rest.empty());
}

TEST_F(ExchangeOnALoop, HintsAreTakenOnceAndInTheirOrder) {
    EXPECT_EQ(exchange->take_hints(), "");
    exchange->hint("Link: a\r\n");
    exchange->hint("Link: b\r\n");
    EXPECT_TRUE(told_io());
    EXPECT_EQ(exchange->take_hints(), "Link: a\r\nLink: b\r\n");
    EXPECT_EQ(exchange->take_hints(), "");
}

TEST_F(ExchangeOnALoop, AsksForItsBodyOnce) {
    EXPECT_FALSE(exchange->body_wanted());
    exchange->want_body();
    EXPECT_TRUE(exchange->body_wanted());
    EXPECT_TRUE(told_io());
    exchange->want_body();
    EXPECT_FALSE(told_io());
}

TEST_F(ExchangeOnALoop, AClientThatHasLeftMayStillBeWrittenTo) {
    exchange->client_left();
    EXPECT_TRUE(told_application());
    EXPECT_TRUE(exchange->left());
    EXPECT_FALSE(exchange->abandoned());
    std::string_view bytes = "bytes";
    exchange->try_write(bytes);
    std::string taken;
    exchange->pipe().try_take(taken);
    EXPECT_EQ(taken, "bytes");
}

TEST_F(ExchangeOnALoop, WhatAnAbandonedOneWritesIsDropped) {
    exchange->abandon();
    EXPECT_TRUE(told_application());
    std::string much(2 * Exchange::kPipeCapacity, 'x');
    std::string_view rest = much;
    EXPECT_TRUE(exchange->try_write(rest)) << "never waits for room that will not come";
    std::string taken;
    exchange->pipe().try_take(taken);
    EXPECT_EQ(taken, "");
}

TEST_F(ExchangeOnALoop, IsNewForTheNextRequest) {
    exchange->hint("Link: a\r\n");
    exchange->want_body();
    exchange->client_left();
    exchange->path = "/etc/hostname";
    exchange->trailers = "A: b\r\n";
    exchange->done({}, 1);
    told_io();
    told_application();
    ASSERT_TRUE(exchange->renew());
    EXPECT_FALSE(exchange->body_wanted());
    EXPECT_FALSE(exchange->left());
    EXPECT_EQ(exchange->take_hints(), "");
    EXPECT_EQ(exchange->path, "");
    EXPECT_EQ(exchange->trailers, "");
    EXPECT_EQ(exchange->listener, nullptr);
    exchange->tell_application();
    EXPECT_FALSE(told_application()) << "no loop has it any more";
}

}  // namespace
}  // namespace baton::dispatch
