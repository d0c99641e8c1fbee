// The TLS context of the listeners: certificate, key, versions, client certificates.
//
// Threads: made by main, read by all I/O threads. Lifetime: outlives every connection.
// Cannot: reload certificates while running.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <stdexcept>

#include "server/config/config.hpp"

namespace baton::net {

// The files are unreadable, no certificate, or do not belong together; what() is one line.
struct TlsError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Null when the configuration asks for no TLS.
std::unique_ptr<boost::asio::ssl::context> make_tls_context(const config::Tls& tls);

}  // namespace baton::net
