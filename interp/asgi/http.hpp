// A request of the protocol "http" of ASGI 3.0: its body in, its response out.
//
//   response:  start -> body* -> (trailers) -> over
//
// Threads: the loop's; attached. Lifetime: as Request. Cannot: send anything before the first body message:
// until then a failure still becomes a 500.
#pragma once

#include <vector>

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
    void exchange_news() override;
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
    Attempt trailers(Borrowed message, Unsent& unsent);
    Attempt path(Borrowed message);
    Attempt hint(Borrowed message);
    Attempt client_gone();
    bool fits(std::size_t bytes, bool last);
    Attempt hand_over(Unsent& unsent);
    bool pass_on(Unsent& piece);
    void pump();
    // The application has ended.
    void over();
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
    // What the pipe had no room for, in order: it goes out whether or not somebody still waits for it.
    std::vector<Unsent> backlog_;
    std::uint64_t tickets_ = 0;
    std::uint64_t passed_on_ = 0;  // the ticket of the last one
    std::uint64_t told_of_ = 0;
    bool over_ = false;  // the application has ended, and its backlog goes out
};

}  // namespace baton::interp::asgi
