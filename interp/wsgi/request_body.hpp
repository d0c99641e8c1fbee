// The request body as an application reads it: buffered in the Exchange, or streamed through its pipe.
//
// Threads: attached; lets go of the GIL to wait for the client. One reader at a time (`busy`).
// Lifetime: one request, on the stack of the interpreter thread; InputObject keeps a pointer to it until
// end(). Cannot: be read twice, or seek.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "interp/wsgi/busy.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp::wsgi {

class RequestBody {
  public:
    explicit RequestBody(dispatch::Exchange& exchange);
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;

    // Negative: everything. All return a new bytes object, or null with an exception.
    PyObject* read(Py_ssize_t size);
    // Through the next newline, but not more than `limit` bytes unless that is negative.
    PyObject* readline(Py_ssize_t limit);

    // The request is over: nobody will read on, and who is in the middle of a read is waited for.
    void end();

    Busy busy;

  private:
    // Has at least one byte more come? False: no, and `failed` says whether an exception is set.
    bool fetch(bool& failed);
    PyObject* take(std::size_t size);
    std::string_view there() const { return bytes().substr(position_); }
    std::string_view bytes() const { return exchange_.body.pipe ? chunk_ : exchange_.body.buffered; }

    dispatch::Exchange& exchange_;
    std::string chunk_;         // of a streamed body: what was taken from the pipe
    std::size_t position_ = 0;  // consumed prefix
    bool at_end_ = false;
};

}  // namespace baton::interp::wsgi
