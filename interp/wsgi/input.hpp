// wsgi.input: the Python object in front of a RequestBody.
//
// Threads: attached. Lifetime: counted by Python; may outlive its request, and says so when it is read then.
// Cannot: seek, or be read by two threads at once.
#pragma once

#include "interp/module.hpp"
#include "interp/wsgi/request_body.hpp"

namespace baton::interp::wsgi {

Owned make_input_type(Module& module);
// For requests without a body: always at its end, shared by all of them.
Owned make_empty_input(Borrowed type);
// Null with an exception when there is no memory.
Owned make_input(Borrowed type, RequestBody& body);
// From now on reading raises.
void cut_off(Borrowed input);

}  // namespace baton::interp::wsgi
