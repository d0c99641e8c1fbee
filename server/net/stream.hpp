// A client's byte stream, plain or TLS behind one type.
//
// Threads: one I/O thread; one read and one write may be under way at the same time.
// Lifetime: owned by its connection. Cannot: time out; the connection cancels it.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/net/task.hpp"

namespace baton::net {

class Stream {
  public:
    using Tls = asio::ssl::stream<Socket&>;

    // Plain when there is no context.
    Stream(Socket socket, asio::ssl::context* tls);

    bool encrypted() const { return tls_ != nullptr; }
    // Server side of the TLS handshake; nothing to do on a plain stream.
    Task<error_code> handshake();
    std::string tls_protocol() const;
    std::string tls_cipher() const;
    std::string client_subject() const;

    Task<Transfer> read_some(asio::mutable_buffer buffer);
    // Takes at once what the kernel takes without waiting; 0 bytes and no error when that is nothing, and for
    // TLS.
    Transfer write_now(std::string_view bytes);
    // Writes at least one byte, or fails.
    Task<Transfer> write_some(std::string_view bytes);
    // Sends a part of a file, at least one byte and at most a bounded piece, or fails. End of file is an
    // error: the file has become shorter than was promised.
    Task<Transfer> send_file_some(int fd, std::uint64_t offset, std::uint64_t length);

    // After shutdown(): takes bytes off the socket that nobody will look at, still encrypted for TLS.
    Task<Transfer> drop_some(asio::mutable_buffer buffer);
    // Tells the client that nothing more will come (TLS close_notify, then FIN).
    Task<void> shutdown();
    // What is known of the client without taking anything off the socket.
    enum class Presence {
        here,
        busy,  // has sent what nobody has read yet
        left,  // sends nothing more, but may still listen
        gone,
    };
    Presence presence();
    // Calls back once, when there is something to read, or with an error.
    void on_readable(std::function<void(error_code)> handler);
    // Ends every operation under way with operation_aborted.
    void cancel();
    void close();

    // For a protocol that takes over: the socket, and the TLS on it or null.
    Socket& socket() { return socket_; }
    Tls* tls() { return tls_.get(); }

  private:
    Task<Transfer> send_file_copied(int fd, std::uint64_t offset, std::uint64_t length);

    Socket socket_;
    std::unique_ptr<Tls> tls_;
};

}  // namespace baton::net
