// Reading what an application sends: dictionaries that may hold anything.
//
// Threads: attached. Lifetime: values. Cannot: trust a type; what is wrong becomes a Python exception that
// says so, and every function returns false then.
#pragma once

#include <string>
#include <string_view>

#include "interp/asgi/strings.hpp"
#include "server/http/response.hpp"

namespace baton::interp::asgi {

// message["type"], borrowed; null with a TypeError when the message is no dict or has none.
PyObject* type_of(const Strings& strings, Borrowed message);
bool is(PyObject* text, const Owned& interned);

// message[key], or null without an exception when it is not there or None.
PyObject* entry(Borrowed message, const Owned& key);
// message[key] as bytes: `holder` keeps them. Absent: empty.
bool read_bytes(Borrowed message, const Owned& key, Owned& holder, std::string_view& bytes);
bool read_flag(Borrowed message, const Owned& key, bool& flag);
// `status` and `headers` of a response's start.
bool read_head(const Strings& strings, Borrowed message, http::ResponseHead& head);
// Each of message["headers"]: `add` returns why a field is refused.
using AddField = http::FieldFault (*)(void* to, std::string_view name, std::string_view value);
bool read_fields(const Strings& strings, Borrowed message, AddField add, void* to);

}  // namespace baton::interp::asgi
