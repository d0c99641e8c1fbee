// A request of the protocol "http" of ASGI 3.0: its body in, its response out.
//
//   response:  start -> body* -> (trailers) -> over
//
// Threads: the loop's; attached. Lifetime: as Request. Cannot: send anything before the first body message:
// until then a failure still becomes a 500.
#pragma once

#include "interp/asgi/request.hpp"

namespace baton::interp::asgi {

class Http final : public Request {
  public:
    Http(Loop& loop, dispatch::ExchangePtr exchange);

    Attempt receive(Owned& event) override;
    Attempt send(Borrowed message, Unsent& unsent) override;
    Attempt send_rest(Unsent& unsent) override;
    bool can_receive() const override;
    bool can_send() const override;
    void returned() override;
    void raised() override;

  private:
    enum class Expects { start, body, trailers, nothing };

    bool gone() const;
    Attempt receive_body(Owned& event);
    Owned body_event(std::string_view bytes, bool more);
    Owned disconnect_event();

    Attempt start(Borrowed message);
    bool set_head(Borrowed message);
    Attempt body(Borrowed message, Unsent& unsent);
    Attempt trailers(Borrowed message);
    Attempt path(Borrowed message);
    Attempt hint(Borrowed message);
    Attempt client_gone();
    bool fits(std::size_t bytes, bool last);
    Attempt hand_over(Unsent& unsent);
    void finish();
    void cut_or_fail();
    // The application has broken the protocol: logged, and raised in the application.
    Attempt refuse(const std::string& why);

    Expects expects_ = Expects::start;
    std::uint64_t sent_ = 0;
    bool body_received_ = false;
    bool head_request_ = false;
    bool trailers_promised_ = false;
    bool told_ = false;  // that the client has left
};

}  // namespace baton::interp::asgi
