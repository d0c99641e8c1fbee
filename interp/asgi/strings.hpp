// The Python strings and small objects that every request needs, made once.
//
// Threads: attached. Lifetime: the loop's. Cannot: change.
#pragma once

#include "interp/object.hpp"

namespace baton::interp::asgi {

struct Strings {
    Strings();

    // Keys of scopes and messages.
    Owned type, asgi, http_version, method, scheme, path, raw_path, query_string, root_path, headers, client,
        server, state, extensions, subprotocols, status, body, more_body, trailers, links, text, bytes, code,
        reason, subprotocol, message;
    // Types of messages.
    Owned http_request, http_disconnect, response_start, response_body, response_trailers, response_pathsend,
        early_hint;
    Owned websocket_connect, websocket_receive, websocket_disconnect, websocket_accept, websocket_send,
        websocket_close, denial_start, denial_body;
    // Values.
    Owned http, https, websocket, ws, wss, http_1_0, http_1_1, empty, empty_bytes;
    Owned get, head, post, put, delete_, options, patch;
    // Names of attributes and arguments.
    Owned context, loop, set_result, done, call_exception_handler, get_value;
};

}  // namespace baton::interp::asgi
