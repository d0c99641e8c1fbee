#include "interp/asgi/strings.hpp"

#include "interp/errors.hpp"

namespace baton::interp::asgi {

namespace {

Owned interned(const char* text) {
    return expect(PyUnicode_InternFromString(text));
}

}  // namespace

Strings::Strings() {
    const struct {
        Owned* place;
        const char* text;
    } all[] = {
        {&type, "type"},
        {&asgi, "asgi"},
        {&http_version, "http_version"},
        {&method, "method"},
        {&scheme, "scheme"},
        {&path, "path"},
        {&raw_path, "raw_path"},
        {&query_string, "query_string"},
        {&root_path, "root_path"},
        {&headers, "headers"},
        {&client, "client"},
        {&server, "server"},
        {&state, "state"},
        {&extensions, "extensions"},
        {&subprotocols, "subprotocols"},
        {&status, "status"},
        {&body, "body"},
        {&more_body, "more_body"},
        {&trailers, "trailers"},
        {&links, "links"},
        {&text, "text"},
        {&bytes, "bytes"},
        {&code, "code"},
        {&reason, "reason"},
        {&subprotocol, "subprotocol"},
        {&message, "message"},
        {&http_request, "http.request"},
        {&http_disconnect, "http.disconnect"},
        {&response_start, "http.response.start"},
        {&response_body, "http.response.body"},
        {&response_trailers, "http.response.trailers"},
        {&response_pathsend, "http.response.pathsend"},
        {&early_hint, "http.response.early_hint"},
        {&websocket_connect, "websocket.connect"},
        {&websocket_receive, "websocket.receive"},
        {&websocket_disconnect, "websocket.disconnect"},
        {&websocket_accept, "websocket.accept"},
        {&websocket_send, "websocket.send"},
        {&websocket_close, "websocket.close"},
        {&denial_start, "websocket.http.response.start"},
        {&denial_body, "websocket.http.response.body"},
        {&http, "http"},
        {&https, "https"},
        {&websocket, "websocket"},
        {&ws, "ws"},
        {&wss, "wss"},
        {&http_1_0, "1.0"},
        {&http_1_1, "1.1"},
        {&empty, ""},
        {&get, "GET"},
        {&head, "HEAD"},
        {&post, "POST"},
        {&put, "PUT"},
        {&delete_, "DELETE"},
        {&options, "OPTIONS"},
        {&patch, "PATCH"},
        {&context, "context"},
        {&loop, "loop"},
        {&set_result, "set_result"},
        {&done, "done"},
        {&call_exception_handler, "call_exception_handler"},
        {&get_value, "get"},
    };
    for (const auto& each : all) *each.place = interned(each.text);
    empty_bytes = expect(PyBytes_FromStringAndSize("", 0));
}

}  // namespace baton::interp::asgi
