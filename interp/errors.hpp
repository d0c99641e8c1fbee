// Python exceptions on their way into C++: as text for the log, or as a C++ exception while the server is
// being built.
//
// Threads: attached. Lifetime: values. Cannot: leave a raised Python exception behind; every function here
// takes it.
#pragma once

#include <stdexcept>
#include <string>

#include "interp/object.hpp"

namespace baton::interp {

// A call that cannot fail in a healthy interpreter has failed. The text is the traceback.
struct PythonError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// As traceback.format_exception() shows it; the exception's repr when not even that works.
std::string format_exception(Borrowed exception);
// The same for the raised exception, which is cleared.
std::string take_traceback();
// str(object) as UTF-8; a placeholder when it raises.
std::string text_of(Borrowed object);
// UTF-8 of a str; lone surrogates (undecodable file names) are escaped.
std::string utf8(Borrowed text);

// A new reference that must be there: throws PythonError when it is null.
Owned expect(PyObject* object);
void expect(int status);

Owned make_str(std::string_view utf8);
// object.name, or null without an exception when there is no such attribute or getting it raises.
Owned attribute(Borrowed object, const char* name);

}  // namespace baton::interp
