// An event loop in the test's own thread that turns when the test says so, and a request on it that no I/O
// thread serves.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "interp/asgi/http.hpp"
#include "interp/asgi/loop.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp::asgi::test {

// Attached while it lives.
class LoopRoom {
  public:
    // `fast`: as for Loop.
    explicit LoopRoom(bool fast = true);
    LoopRoom(const LoopRoom&) = delete;
    LoopRoom& operator=(const LoopRoom&) = delete;
    ~LoopRoom();

    Loop& loop() { return *loop_; }
    // Runs Python code whose globals stay; `loop`, `asyncio` and `seen`, an empty list, are there.
    void run(const std::string& source);
    // str() of an expression; when it raises, "Type: text" of the exception.
    std::string show(const std::string& expression);
    Owned get(const std::string& expression);
    void give(const char* name, Borrowed value);
    // One turn of the loop: runs what is ready when it begins, and does not wait for events.
    void turn();
    // Within a turn, so that the loop is the running one.
    void on_loop(std::function<void()> work);

  private:
    Attach attached_;
    dispatch::LoopQueue queue_{100};
    Owned object_;
    std::unique_ptr<Loop> loop_;
    Owned globals_;
};

// `request`, `receive`, `send` and `context` are there as well; `context` is the request's. start() and
// tell() send and do not wait, body() is to be awaited when it may wait or fail, as by now().
class HttpRoom : public LoopRoom {
  public:
    explicit HttpRoom(const std::string& head, const std::string& body = "", std::size_t pipe = 0,
                      bool fast = true);
    ~HttpRoom();

    // As run() and show(), in a callback of the request's.
    void step(const std::string& source);
    std::string ask(const std::string& expression);
    // What happened on the I/O thread reaches the application.
    void news() { exchange->client->exchange_news(); }
    interp::test::Connection::Answer answer() { return connection.answer(*exchange); }

    interp::test::Connection connection;
    dispatch::ExchangePtr exchange;
    Http& http() { return static_cast<Http&>(request_from(object_.get())); }

  private:
    Owned object_;
};

}  // namespace baton::interp::asgi::test
