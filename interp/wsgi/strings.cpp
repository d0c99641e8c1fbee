#include "interp/wsgi/strings.hpp"

#include "interp/errors.hpp"

namespace baton::interp::wsgi {

namespace {

Owned interned(const char* text) {
    return expect(PyUnicode_InternFromString(text));
}

}  // namespace

Strings::Strings()
    : wsgi_version(interned("wsgi.version")),
      wsgi_url_scheme(interned("wsgi.url_scheme")),
      wsgi_input(interned("wsgi.input")),
      wsgi_errors(interned("wsgi.errors")),
      wsgi_multithread(interned("wsgi.multithread")),
      wsgi_multiprocess(interned("wsgi.multiprocess")),
      wsgi_run_once(interned("wsgi.run_once")),
      wsgi_input_terminated(interned("wsgi.input_terminated")),
      wsgi_file_wrapper(interned("wsgi.file_wrapper")),
      server_software(interned("SERVER_SOFTWARE")),
      script_name(interned("SCRIPT_NAME")),
      request_method(interned("REQUEST_METHOD")),
      path_info(interned("PATH_INFO")),
      query_string(interned("QUERY_STRING")),
      request_uri(interned("REQUEST_URI")),
      raw_uri(interned("RAW_URI")),
      server_protocol(interned("SERVER_PROTOCOL")),
      server_name(interned("SERVER_NAME")),
      server_port(interned("SERVER_PORT")),
      remote_addr(interned("REMOTE_ADDR")),
      remote_port(interned("REMOTE_PORT")),
      request_id(interned("REQUEST_ID")),
      content_type(interned("CONTENT_TYPE")),
      content_length(interned("CONTENT_LENGTH")),
      https(interned("HTTPS")),
      ssl_protocol(interned("SSL_PROTOCOL")),
      ssl_cipher(interned("SSL_CIPHER")),
      ssl_client_verify(interned("SSL_CLIENT_VERIFY")),
      ssl_client_s_dn(interned("SSL_CLIENT_S_DN")),
      baton_route(interned("baton.route")),
      empty(interned("")),
      http(interned("http")),
      https_scheme(interned("https")),
      http_1_0(interned("HTTP/1.0")),
      http_1_1(interned("HTTP/1.1")),
      on(interned("on")),
      success(interned("SUCCESS")),
      none(interned("NONE")),
      get(interned("GET")),
      head(interned("HEAD")),
      post(interned("POST")),
      put(interned("PUT")),
      delete_(interned("DELETE")),
      options(interned("OPTIONS")),
      patch(interned("PATCH")),
      close(interned("close")),
      read(interned("read")) {}

}  // namespace baton::interp::wsgi
