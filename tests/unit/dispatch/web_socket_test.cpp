#include "server/dispatch/web_socket.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "server/dispatch/exchange.hpp"
#include "server/dispatch/inbox.hpp"
#include "server/dispatch/loop_queue.hpp"

namespace baton::dispatch {
namespace {

struct WebSocketTest : testing::Test, ExchangeObserver {
    void exchange_event() final { ++io_events; }
    void SetUp() override {
        exchange->web_socket = std::make_unique<WebSocket>(*exchange);
        exchange->observer = this;
        ASSERT_TRUE(queue.push(exchange));
        told_application();
    }
    void TearDown() override { exchange->observer = nullptr; }
    WebSocket& socket() { return *exchange->web_socket; }
    // How often each side has been told since the last look.
    int told_io() {
        inbox.drain();
        return std::exchange(io_events, 0);
    }
    int told_application() {
        int times = 0;
        while (queue.take()) ++times;
        return times;
    }

    LoopQueue queue{8};
    Inbox inbox{[] {}};
    ExchangePtr exchange{new Exchange(inbox)};
    int io_events = 0;
};

WebSocketMessage text(std::string bytes) {
    return {.text = true, .bytes = std::move(bytes)};
}

TEST_F(WebSocketTest, AcceptanceReachesTheOtherSide) {
    EXPECT_FALSE(socket().accepted());
    socket().accept({.subprotocol = "chat", .fields = "X-A: b\r\n"});
    EXPECT_TRUE(socket().accepted());
    EXPECT_EQ(socket().acceptance().subprotocol, "chat");
    EXPECT_EQ(socket().acceptance().fields, "X-A: b\r\n");
    EXPECT_EQ(told_io(), 1);
}

TEST_F(WebSocketTest, MessagesKeepTheirOrderAndKind) {
    socket().deliver(text("one"));
    socket().deliver({.text = false, .bytes = "two"});
    EXPECT_EQ(told_application(), 1) << "several before it looks are one";
    auto first = socket().take();
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->text);
    EXPECT_EQ(first->bytes, "one");
    auto second = socket().take();
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->text);
    EXPECT_EQ(second->bytes, "two");
    EXPECT_FALSE(socket().take());
    EXPECT_EQ(told_io(), 0) << "nobody waits for room";
}

TEST_F(WebSocketTest, InboundIsBoundedByBytes) {
    socket().deliver(text(std::string(WebSocketLine::kBytes - 1, 'x')));
    EXPECT_TRUE(socket().has_room());
    socket().deliver(text("y"));
    EXPECT_FALSE(socket().has_room());
    EXPECT_EQ(told_io(), 0);
    EXPECT_TRUE(socket().take());
    EXPECT_EQ(told_io(), 1) << "the reader was told no";
    EXPECT_TRUE(socket().has_room());
    EXPECT_TRUE(socket().take());
    EXPECT_EQ(told_io(), 0);
}

TEST_F(WebSocketTest, InboundIsBoundedByNumber) {
    for (std::size_t i = 0; i < WebSocketLine::kMessages; ++i) {
        ASSERT_TRUE(socket().has_room());
        socket().deliver(text(""));
    }
    EXPECT_FALSE(socket().has_room());
}

TEST_F(WebSocketTest, OutboundIsBoundedAndTellsOfRoom) {
    WebSocketMessage large = text(std::string(WebSocketLine::kBytes, 'x'));
    EXPECT_EQ(socket().try_send(large), WebSocket::Sent::taken);
    EXPECT_EQ(told_io(), 1);
    WebSocketMessage small = text("y");
    EXPECT_EQ(socket().try_send(small), WebSocket::Sent::full);
    EXPECT_EQ(small.bytes, "y") << "the caller keeps it";
    EXPECT_EQ(socket().may_send(), WebSocket::Sent::full);
    EXPECT_EQ(told_application(), 0);
    ASSERT_TRUE(socket().next());
    EXPECT_EQ(told_application(), 1);
    EXPECT_EQ(socket().may_send(), WebSocket::Sent::taken);
    EXPECT_EQ(socket().try_send(small), WebSocket::Sent::taken);
    EXPECT_EQ(told_io(), 1);
}

TEST_F(WebSocketTest, TheEndComesAfterTheMessages) {
    socket().deliver(text("last"));
    socket().end({.code = 1001, .reason = "bye"});
    socket().end({.code = WebSocketClose::kLost, .reason = {}});
    socket().deliver(text("too late"));
    EXPECT_FALSE(socket().ended());
    EXPECT_EQ(socket().take()->bytes, "last");
    EXPECT_FALSE(socket().take());
    EXPECT_TRUE(socket().readable());
    ASSERT_TRUE(socket().ended());
    EXPECT_EQ(socket().ended()->code, 1001) << "the first end counts";
    EXPECT_EQ(socket().ended()->reason, "bye");
    WebSocketMessage message = text("nobody");
    EXPECT_EQ(socket().try_send(message), WebSocket::Sent::closed);
}

TEST_F(WebSocketTest, ClosingComesAfterTheMessagesThatWereSent) {
    WebSocketMessage message = text("last");
    EXPECT_EQ(socket().try_send(message), WebSocket::Sent::taken);
    socket().close({.code = 4000, .reason = "done"});
    socket().close({.code = 4001, .reason = {}});
    message = text("too late");
    EXPECT_EQ(socket().try_send(message), WebSocket::Sent::closed);
    EXPECT_FALSE(socket().closing());
    EXPECT_EQ(socket().next()->bytes, "last");
    ASSERT_TRUE(socket().closing());
    EXPECT_EQ(socket().closing()->code, 4000) << "the first counts";
    EXPECT_FALSE(socket().next());
}

TEST_F(WebSocketTest, AnEndMakesRoomForNobody) {
    WebSocketMessage large = text(std::string(WebSocketLine::kBytes, 'x'));
    EXPECT_EQ(socket().try_send(large), WebSocket::Sent::taken);
    WebSocketMessage more = text("y");
    EXPECT_EQ(socket().try_send(more), WebSocket::Sent::full);
    socket().end({.code = WebSocketClose::kLost, .reason = {}});
    EXPECT_EQ(told_application(), 1) << "who waits for room hears of the end";
    EXPECT_FALSE(socket().next());
    EXPECT_EQ(socket().try_send(more), WebSocket::Sent::closed);
}

TEST_F(WebSocketTest, TwoThreadsPassEveryMessage) {
    constexpr int kCount = 20'000;
    std::thread loop([this] {
        int expected = 0;
        while (expected < kCount) {
            if (auto message = socket().take()) {
                EXPECT_EQ(message->bytes, std::to_string(expected));
                ++expected;
            }
        }
    });
    for (int i = 0; i < kCount;) {
        if (socket().has_room()) socket().deliver(text(std::to_string(i++)));
    }
    loop.join();
    SUCCEED();
}

}  // namespace
}  // namespace baton::dispatch
