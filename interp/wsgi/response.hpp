// The response of one request as PEP 3333 sees it: when its head may change, what of its body goes out when.
//
// Threads: attached; lets go of the GIL when a write may wait. `busy` admits one user of start_response() and
// write() at a time; finish() and fail() wait for that one, and admit no more.
// Lifetime: one request, on the stack of the interpreter thread; start_response and write() refer to it until
// then. Cannot: send anything before there is a body (or its end), or go back on a head that has been
// committed.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <string_view>

#include "interp/wsgi/busy.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp::wsgi {

class Response {
  public:
    // Up to so many bytes are copied into the Exchange with the GIL held: cheaper than giving it up.
    static constexpr std::size_t kInline = 64 * 1024;

    Response(dispatch::Exchange& exchange, spdlog::logger& log);
    Response(const Response&) = delete;
    Response& operator=(const Response&) = delete;

    // start_response(): false with a Python exception set, and nothing of the head kept.
    bool start(Borrowed status, Borrowed fields, Borrowed exc_info);
    bool started() const { return started_; }
    // The response is complete or has failed: neither its head nor its body is the application's any more.
    bool over() const { return over_; }
    bool committed() const { return exchange_.committed(); }
    // The client gets the head alone: HEAD, 204, 304.
    bool head_only() const { return head_request_ || exchange_.head.bodiless(); }
    bool head_request() const { return head_request_; }
    bool client_gone() const { return exchange_.abandoned(); }

    bool has_length() const { return exchange_.head.content_length.has_value(); }
    // How many bytes the declared length leaves; all there are when none was declared.
    std::uint64_t room() const;
    // The server knows the length and the application has not declared it. Before commit.
    void set_length(std::uint64_t length);

    // Puts a block of the body beside the head without sending either: for bodies that are there as a whole.
    void collect(std::string_view block);
    // Sends a block (and the head, if it is the first). `cut`: no more can be sent, stop.
    enum class Outcome { sent, cut };
    Outcome send(Borrowed block);
    // The rest of the body is this part of a file; takes the descriptor over.
    void send_file(int fd, std::uint64_t offset, std::uint64_t length);

    // The body is complete. With `more_to_do` the client gets it at once; otherwise with the end of serve(),
    // which is about to come and spares the I/O thread a second look.
    void finish(bool more_to_do);
    // The application has failed: 500 while that can be said, else the connection is cut.
    void fail();
    // Waits until no other thread is inside start_response() or write().
    void end() { busy.settle(); }

    // Into the log, with the request's name in front; without the GIL.
    void report(spdlog::level::level_enum level, std::string_view what) const;

    Busy busy;

  private:
    bool set_head(Borrowed status, Borrowed fields);
    bool add_field(Borrowed field);
    std::string_view within_length(std::string_view block);
    void shut();
    void announce_end(bool complete);

    dispatch::Exchange& exchange_;
    spdlog::logger& log_;
    const bool head_request_;
    bool started_ = false;
    bool overlong_ = false;
    bool over_ = false;
    std::uint64_t sent_ = 0;  // body bytes, collected ones included
};

}  // namespace baton::interp::wsgi
