// The scope of a connection: what an ASGI application is told of a request.
//
// Threads: the loop's; attached. Lifetime: the loop's, one for each application. Cannot: share anything
// mutable between two requests but what the application itself has put into its lifespan state.
#pragma once

#include <string>

#include "interp/asgi/header_names.hpp"
#include "interp/asgi/loop.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp::asgi {

class Scopes {
  public:
    enum class Kind { http, websocket };

    // `prefix`: where the application is mounted.
    Scopes(Loop& loop, const std::string& prefix);

    // Null with an exception when there is no memory.
    Owned make(const dispatch::Exchange& exchange, Kind kind);
    // What every scope gets a shallow copy of; null: no state.
    void set_state(Owned state) { state_ = std::move(state); }

  private:
    class Addresses {
      public:
        // Null with an exception when there is no memory.
        Owned get(const std::string& host, const std::string& port);

      private:
        std::string host_, port_;
        Owned host_text_, last_;
    };

    bool put_request(PyObject* scope, const dispatch::Exchange& exchange, Kind kind);
    bool put_peer(PyObject* scope, const dispatch::Exchange& exchange, Kind kind);
    bool put_fields(PyObject* scope, const http::Request& request);
    bool put_extensions(PyObject* scope, const dispatch::Exchange& exchange, Kind kind);
    bool put_subprotocols(PyObject* scope, const http::Request& request);
    Owned method(std::string_view name);
    Owned make_tls(const dispatch::Peer& peer);

    Loop& loop_;
    Owned http_template_, websocket_template_;
    Owned http_extensions_, websocket_extensions_, trailers_extensions_;
    Owned state_;
    HeaderNames names_;
    std::string last_path_;
    Owned last_path_text_, last_raw_path_;
    Addresses clients_, servers_;
};

}  // namespace baton::interp::asgi
