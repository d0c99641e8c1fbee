// The places that a plan talks to: names resolved once, before anything is measured, and what TLS needs.
//
// Threads: made by one; const afterwards, so any (OpenSSL's context may be shared). Lifetime: as long as the
// workers. Cannot: notice that a name comes to mean another address during a run.
#pragma once

#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/plan/plan.hpp"

namespace loadgen::engine {

using Executor = boost::asio::io_context::executor_type;
// TCP and Unix sockets alike.
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;
using TlsStream = boost::asio::ssl::stream<Socket>;
using Address = boost::asio::generic::stream_protocol::endpoint;

struct Place {
    const plan::Target* target = nullptr;
    Address address;           // the one that answered
    std::string name() const;  // "127.0.0.1:8000", for messages
};

// For each endpoint of the plan, which of the distinct places it goes to.
std::vector<std::size_t> places_of(const plan::Plan& plan);

class Targets {
  public:
    // Makes the TLS context; std::runtime_error names a file that is not to be had.
    explicit Targets(const plan::Plan& plan);

    // Resolves names and connects to each place once, TLS included. The text says what could not be reached,
    // and why. Gives up when `stops` is no longer 0, but for the resolver's own patience.
    std::optional<std::string> reach(Nanoseconds within, const std::atomic<int>& stops);

    const Place& at(std::size_t index) const { return places_[index]; }
    boost::asio::ssl::context& tls() { return *tls_; }

  private:
    std::optional<std::string> reach(boost::asio::io_context& io, Place& place, Nanoseconds within,
                                     const std::atomic<int>& stops);

    std::vector<Place> places_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
};

// Before the handshake: whom we expect, in SNI and in the certificate.
void expect_peer(TlsStream& stream, const plan::Target& target);
// As a human says it: "connection refused", "certificate verify failed (self-signed certificate)".
std::string words_of(const boost::system::error_code& error);

}  // namespace loadgen::engine
