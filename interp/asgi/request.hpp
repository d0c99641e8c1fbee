// One Exchange that an application on the loop has: what http and WebSockets have in common.
//
// As a Python object it is the value of a ContextVar in the context of its task, so that every callback of
// the request, child tasks included, finds the books that it belongs to.
//
// Threads: the loop's; attached. Lifetime: counted by Python; from begin() until end() it holds itself, and
// the Exchange until its response is complete. Whatever the application has kept of it afterwards finds the
// client gone. Cannot: block.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "interp/asgi/account.hpp"
#include "interp/asgi/loop.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp::asgi {

// How an attempt of the application's ended: the event is there, it has to wait, or an exception is set.
enum class Attempt { done, waits, failed };

// What send() could not hand over at once: bytes, and the object that they are in.
struct Unsent {
    Owned holder;
    std::string_view bytes;
    bool last = false;
    std::uint64_t ticket = 0;  // its place, where the request keeps what could not be handed over
};

class Request : public dispatch::ExchangeClient {
  public:
    Request(Loop& loop, dispatch::ExchangePtr exchange);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    virtual ~Request();

    // --- What differs.
    // The next event for the application, when there is one.
    virtual Attempt receive(Owned& event) = 0;
    virtual Attempt send(Borrowed message, Unsent& unsent) = 0;
    // Goes on with what send() could not hand over.
    virtual Attempt send_rest(Unsent& unsent) = 0;
    // Would receive() or send_rest() of one that waits get on now?
    virtual bool can_receive() const = 0;
    virtual bool can_send() const = 0;
    // The application has returned; or it has raised the exception that is set, which is taken.
    virtual void returned() = 0;
    virtual void raised() = 0;

    // --- What does not.
    // The application is about to be called: `self` is this, as a Python object.
    void begin(Borrowed self, dispatch::Nanoseconds at, dispatch::Nanoseconds waited);
    PyObject* self() const { return self_.get(); }
    void keep(Owned task) { task_ = std::move(task); }
    PyObject* task() const { return task_.get(); }
    // The response is complete: at the end of this callback the Exchange is let go, its books closed. The
    // application may go on (background tasks) while the connection serves its next request.
    void answered();
    // Nothing of the application's runs for it any more.
    void end() { ended_ = answered_ = true; }
    bool ended() const { return ended_; }
    // Null once it has been let go.
    dispatch::Exchange* exchange() const { return exchange_.get(); }
    // At the end of each of its callbacks.
    void stepped(const Moment& at);

    void exchange_news() override;
    enum class Side { receiving, sending };
    // A future that is done when it is worth another attempt. Null with an exception.
    Owned wait_for(Side side);
    void report(spdlog::level::level_enum level, std::string_view what) const;
    // For a head that goes out while the request runs.
    void note_books();

    Account account;
    const std::uint32_t route;
    const std::uint32_t serial;  // its own among the last 16 million; never 0

  protected:
    Loop& loop_;
    dispatch::ExchangePtr exchange_;

  private:
    void wake(std::vector<Owned>& waiting);
    void let_go(const Moment& at);
    void release();
    std::string name() const;

    Owned self_;
    Owned task_;
    std::vector<Owned> receivers_;  // futures
    std::vector<Owned> senders_;
    std::string name_;  // for the log, once the Exchange has been let go: id, method, target
    dispatch::Nanoseconds answered_at_ = 0;
    bool answered_ = false;
    bool ended_ = false;
};

Owned make_request_type(Module& module);
// The Python object takes the Request over; null with an exception.
Owned wrap(Loop& loop, std::unique_ptr<Request> request);
Request& request_from(PyObject* object);
bool is_request(Loop& loop, PyObject* object);

}  // namespace baton::interp::asgi
