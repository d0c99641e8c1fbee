#include "server/dispatch/web_socket.hpp"

#include <utility>

#include "server/dispatch/exchange.hpp"

namespace baton::dispatch {

void WebSocketLine::push(WebSocketMessage message) {
    bytes_ += message.bytes.size();
    messages_.push_back(std::move(message));
}

WebSocketMessage WebSocketLine::pop() {
    WebSocketMessage message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message.bytes.size();
    return message;
}

void WebSocketLine::clear() {
    messages_.clear();
    bytes_ = 0;
}

void WebSocket::accept(WebSocketAcceptance acceptance) {
    acceptance_ = std::move(acceptance);
    accepted_.store(true, std::memory_order_release);
    exchange_.notify();
}

std::optional<WebSocketMessage> WebSocket::take() {
    std::optional<WebSocketMessage> message;
    bool tell = false;
    {
        const std::lock_guard lock(mutex_);
        if (inbound_.empty()) return std::nullopt;
        message = inbound_.pop();
        tell = reader_waits_ && !inbound_.full();
        if (tell) reader_waits_ = false;
    }
    if (tell) exchange_.notify();
    return message;
}

std::optional<WebSocketClose> WebSocket::ended() const {
    const std::lock_guard lock(mutex_);
    return inbound_.empty() ? ended_ : std::nullopt;
}

bool WebSocket::readable() const {
    const std::lock_guard lock(mutex_);
    return !inbound_.empty() || ended_.has_value();
}

WebSocket::Sent WebSocket::may_send() {
    const std::lock_guard lock(mutex_);
    if (ended_ || closing_) return Sent::closed;
    sender_waits_ = sender_waits_ || outbound_.full();
    return outbound_.full() ? Sent::full : Sent::taken;
}

WebSocket::Sent WebSocket::try_send(WebSocketMessage& message) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || closing_) return Sent::closed;
        if (outbound_.full()) {
            sender_waits_ = true;
            return Sent::full;
        }
        first = outbound_.empty();
        outbound_.push(std::move(message));
    }
    // Of what follows the first the I/O thread hears when it comes for that.
    if (first) exchange_.notify();
    return Sent::taken;
}

void WebSocket::close(WebSocketClose close) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || closing_) return;
        closing_ = std::move(close);
    }
    exchange_.notify();
}

void WebSocket::deliver(WebSocketMessage message) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        inbound_.push(std::move(message));
    }
    exchange_.tell_application();
}

bool WebSocket::has_room() {
    const std::lock_guard lock(mutex_);
    reader_waits_ = inbound_.full();
    return !reader_waits_;
}

void WebSocket::end(WebSocketClose close) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        ended_ = std::move(close);
        outbound_.clear();
    }
    exchange_.tell_application();
}

std::optional<WebSocketMessage> WebSocket::next() {
    std::optional<WebSocketMessage> message;
    bool tell = false;
    {
        const std::lock_guard lock(mutex_);
        if (outbound_.empty()) return std::nullopt;
        message = outbound_.pop();
        tell = sender_waits_ && !outbound_.full();
        if (tell) sender_waits_ = false;
    }
    if (tell) exchange_.tell_application();
    return message;
}

std::optional<WebSocketClose> WebSocket::closing() const {
    const std::lock_guard lock(mutex_);
    return outbound_.empty() ? closing_ : std::nullopt;
}

}  // namespace baton::dispatch
