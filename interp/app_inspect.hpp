// What an object is that shall be an application: its shape as a callable, and words for messages.
//
// Threads: attached. Lifetime: values. Cannot: raise; what cannot be found out counts as WSGI and is left to
// the first call.
#pragma once

#include <string>

#include "interp/object.hpp"

namespace baton::interp {

enum class Shape {
    wsgi,             // takes two positional arguments, or does not say what it takes
    coroutine,        // calling it makes a coroutine
    three_arguments,  // (scope, receive, send)
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
