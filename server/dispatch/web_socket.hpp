// The two ways of an accepted WebSocket between the I/O thread that speaks to the client and the event loop
// that runs the application.
//
// Threads: each side's functions on its own thread; nothing here blocks for longer than a move of a message.
// What the other side may wait for is told to it: the I/O thread through the Exchange's home, the loop
// through its client. Lifetime: the Exchange's, whose `web_socket` it is. Cannot: hold more than its bounds
// and one message each way; know frames, compression or sockets.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace baton::dispatch {

class Exchange;

struct WebSocketMessage {
    bool text = false;  // then the bytes are UTF-8
    std::string bytes;
};

// Codes of RFC 6455 section 7.4.1.
struct WebSocketClose {
    static constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocol = 1002, kNoCode = 1005,
                                   kLost = 1006, kBadPayload = 1007, kTooBig = 1009, kInternal = 1011,
                                   kRestart = 1012;
    std::uint16_t code = kNormal;
    std::string reason;  // at most 123 bytes
};

struct WebSocketAcceptance {
    std::string subprotocol;  // empty: none
    std::string fields;       // "Name: value\r\n" lines
};

// Messages in one direction, bounded by bytes and by number.
class WebSocketLine {
  public:
    static constexpr std::size_t kBytes = 256 * 1024;
    static constexpr std::size_t kMessages = 1024;

    bool full() const { return bytes_ >= kBytes || messages_.size() >= kMessages; }
    bool empty() const { return messages_.empty(); }
    void push(WebSocketMessage message);
    WebSocketMessage pop();
    void clear();

  private:
    std::deque<WebSocketMessage> messages_;
    std::size_t bytes_ = 0;
};

class WebSocket {
  public:
    explicit WebSocket(Exchange& exchange) : exchange_(exchange) {}
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    // --- The event loop's side.
    // Instead of the Exchange's response. Once, and not after commit().
    void accept(WebSocketAcceptance acceptance);
    bool accepted() const { return accepted_.load(std::memory_order_acquire); }
    // The next message of the client; nothing when none is there.
    std::optional<WebSocketMessage> take();
    // How it ended, whichever side began; nothing before all messages have been taken.
    std::optional<WebSocketClose> ended() const;
    // There is a message, or the end.
    bool readable() const;
    enum class Sent { taken, full, closed };
    // Moves from `message` when it is taken. `full`: exchange_news() will tell of room. `closed`: nobody
    // would get it.
    Sent try_send(WebSocketMessage& message);
    // What try_send() would say now, and with the same consequence.
    Sent may_send();
    // After the messages that were sent. Only the first counts.
    void close(WebSocketClose close);

    // --- The I/O thread's side.
    // After accepted().
    const WebSocketAcceptance& acceptance() const { return acceptance_; }
    void deliver(WebSocketMessage message);
    // False: do not deliver more; the Exchange's observer will be told of room.
    bool has_room();
    // The last that the application hears. Only the first counts.
    void end(WebSocketClose close);
    // The next message of the application; nothing when none is there.
    std::optional<WebSocketMessage> next();
    // The application's close(); nothing before next() has given all messages.
    std::optional<WebSocketClose> closing() const;

  private:
    Exchange& exchange_;
    WebSocketAcceptance acceptance_;
    std::atomic<bool> accepted_{false};

    mutable std::mutex mutex_;  // of all below
    WebSocketLine inbound_;
    WebSocketLine outbound_;
    std::optional<WebSocketClose> ended_;
    std::optional<WebSocketClose> closing_;
    bool reader_waits_ = false;  // the I/O thread, for room in inbound_
    bool sender_waits_ = false;  // the application, for room in outbound_
};

}  // namespace baton::dispatch
