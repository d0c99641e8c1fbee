// A request of the protocol "websocket" of ASGI 3.0.
//
//   connecting -> accept -> open -> close or the client's end -> over
//              -> close (403), or a denial of the application's own -> over
//
// Threads: the loop's; attached. Lifetime: as Request. Cannot: speak to the client; what the application
// wants goes through the Exchange's dispatch::WebSocket, a denial through its response.
#pragma once

#include "interp/asgi/request.hpp"
#include "server/dispatch/web_socket.hpp"

namespace baton::interp::asgi {

class WebSocket final : public Request {
  public:
    WebSocket(Loop& loop, dispatch::ExchangePtr exchange);

    Attempt receive(Owned& event) override;
    Attempt send(Borrowed message, Unsent& unsent) override;
    Attempt send_rest(Unsent& unsent) override;
    bool can_receive() const override;
    bool can_send() const override;
    void returned() override;
    void raised() override;

  private:
    enum class State { connecting, denying, open, over };

    dispatch::WebSocket& socket() const { return *exchange_->web_socket; }
    // The client, before the 101 or after it.
    bool gone() const;

    Owned event(const Owned& type) const;
    Owned message_event(const dispatch::WebSocketMessage& message) const;
    Owned disconnect_event(const dispatch::WebSocketClose& close) const;

    Attempt accept(Borrowed message);
    bool read_subprotocol(Borrowed message, std::string& subprotocol);
    Attempt message(Borrowed message, Unsent& unsent);
    Attempt close(Borrowed message);
    bool read_close(Borrowed message, dispatch::WebSocketClose& close);
    Attempt deny(Borrowed message);
    Attempt deny_body(Borrowed message, Unsent& unsent);
    Attempt hand_over(Unsent& unsent);
    void answer(int status);
    Attempt client_has_gone();
    // The application has broken the protocol: logged, and raised in the application.
    Attempt refuse(const std::string& why);
    // The application has ended; `failed`: by an exception.
    void over(bool failed);

    State state_ = State::connecting;
    bool connected_ = false;   // the application has been told
    bool app_closed_ = false;  // it has sent websocket.close
    dispatch::WebSocketClose closed_{.code = dispatch::WebSocketClose::kLost, .reason = {}};
    std::uint64_t denial_sent_ = 0;
};

}  // namespace baton::interp::asgi
