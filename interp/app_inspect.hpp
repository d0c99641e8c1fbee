// What an object is that shall be an application: its shape as a callable, and words for messages.
//
// Threads: attached. Lifetime: values. Cannot: raise; what cannot be found out is left to the first call.
#pragma once

#include <string>

#include "interp/object.hpp"

namespace baton::interp {

enum class Shape {
    any,              // takes two positional arguments or three, or does not say what it takes
    two_arguments,    // (environ, start_response)
    three_arguments,  // (scope, receive, send)
    coroutine,        // the same, and calling it makes a coroutine
    one_argument,     // (scope), as ASGI 2 had it
    no_arguments,     // a factory, most likely
    other,
};
Shape shape_of(Borrowed callable);

// "a function", "an instance of flask.app.Flask"
std::string describe(Borrowed object);
// "(a, b, *, c)", or "(?)"
std::string signature_text(Borrowed callable);
// "; did you mean 'application'? Callables there: ..." or nothing.
std::string suggest_callables(Borrowed holder, const std::string& name);

}  // namespace baton::interp
