// The strings that every request needs, made once and interned: keys of the environ and a few values.
//
// Threads: attached. Lifetime: the WSGI application's. Cannot: change.
#pragma once

#include "interp/object.hpp"

namespace baton::interp::wsgi {

struct Strings {
    Strings();

    // Keys that every environ has.
    Owned wsgi_version, wsgi_url_scheme, wsgi_input, wsgi_errors, wsgi_multithread, wsgi_multiprocess,
        wsgi_run_once, wsgi_input_terminated, wsgi_file_wrapper;
    Owned server_software, script_name, request_method, path_info, query_string, request_uri, raw_uri,
        server_protocol, server_name, server_port, remote_addr, remote_port, request_id;
    // Keys that some have.
    Owned content_type, content_length, https, ssl_protocol, ssl_cipher, ssl_client_verify, ssl_client_s_dn,
        baton_route;
    // Values.
    Owned empty, http, https_scheme, http_1_0, http_1_1, on, success, none;
    Owned get, head, post, put, delete_, options, patch;
    // Names of attributes.
    Owned close, read;
};

}  // namespace baton::interp::wsgi
