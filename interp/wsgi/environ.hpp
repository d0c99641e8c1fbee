// The environ of a request: a copy of a template, with the request's own values put in.
//
// Threads: attached; nothing in here lets go of the GIL, which is its lock.
// Lifetime: the WSGI application's. Cannot: fail for other reasons than memory.
#pragma once

#include "interp/wsgi/header_keys.hpp"
#include "interp/wsgi/strings.hpp"
#include "interp/wsgi/wsgi.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp::wsgi {

class Environ {
  public:
    // `empty_input` is what requests without a body get as wsgi.input.
    Environ(const Strings& strings, const WsgiOptions& options, Borrowed file_wrapper, Borrowed empty_input);

    // A new dict, or null with an exception. `input` null: the empty input of the template.
    Owned make(const dispatch::Exchange& exchange, Borrowed input);

  private:
    bool put_request(PyObject* environ, const dispatch::Exchange& exchange);
    bool put_path(PyObject* environ, const http::Request& request);
    bool put_peer(PyObject* environ, const dispatch::Peer& peer);
    bool put_tls(PyObject* environ, const dispatch::Peer& peer);
    bool put_fields(PyObject* environ, const dispatch::Exchange& exchange);
    bool put_field(PyObject* environ, const http::Request::Field& field);
    Owned method(std::string_view name);

    const Strings& strings_;
    const std::size_t prefix_;  // bytes of the path that are SCRIPT_NAME
    Owned template_;
    HeaderKeys keys_;
    LastValue path_, query_, target_, server_name_, server_port_, remote_addr_, remote_port_;
    std::uint64_t requests_ = 0;
};

}  // namespace baton::interp::wsgi
