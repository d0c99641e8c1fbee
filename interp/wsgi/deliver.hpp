// What an application has returned -> the response body.
//
// Threads: attached. Lifetime: one call. Cannot: call close() on it; the caller does, whatever came of this.
#pragma once

#include "interp/wsgi/response.hpp"

namespace baton::interp::wsgi {

// Sends the body and finishes the response. False with a Python exception set when the application has
// failed; the response is not finished then. `file_wrapper` is the type whose instances may be sent as files.
bool deliver(Response& response, Borrowed result, Borrowed file_wrapper);

}  // namespace baton::interp::wsgi
