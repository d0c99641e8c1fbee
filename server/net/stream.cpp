#include "server/net/stream.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <vector>

namespace baton::net {

namespace {

// One turn of a file: large enough to be cheap, small enough to let other connections have their turn.
constexpr std::uint64_t kFilePiece = 1024 * 1024;
constexpr std::uint64_t kCopiedPiece = 64 * 1024;

error_code last_error() {
    return {errno, boost::system::system_category()};
}

}  // namespace

Stream::Stream(Socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.non_blocking(true, ignored);
    if (tls != nullptr) tls_ = std::make_unique<Tls>(socket_, *tls);
}

Task<error_code> Stream::handshake() {
    if (!tls_) co_return error_code{};
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, await_result);
    co_return error;
}

std::string Stream::tls_protocol() const {
    return SSL_get_version(tls_->native_handle());
}

std::string Stream::tls_cipher() const {
    const char* name = SSL_get_cipher_name(tls_->native_handle());
    return name != nullptr ? name : "";
}

std::string Stream::client_subject() const {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        SSL_get1_peer_certificate(tls_->native_handle()), &X509_free);
    if (!certificate) return {};
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    char* bytes = nullptr;
    const auto size = BIO_ctrl(text.get(), BIO_CTRL_INFO, 0, &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string{};
}

Task<Transfer> Stream::read_some(asio::mutable_buffer buffer) {
    if (tls_) return tls_->async_read_some(buffer, await_result);
    return socket_.async_read_some(buffer, await_result);
}

Transfer Stream::write_now(std::string_view bytes) {
    if (tls_) return {};
    error_code error;
    const std::size_t written = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) error.clear();
    return {error, written};
}

Task<Transfer> Stream::write_some(std::string_view bytes) {
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    if (tls_) return tls_->async_write_some(buffer, await_result);
    return socket_.async_write_some(buffer, await_result);
}

Task<Transfer> Stream::send_file_some(int fd, std::uint64_t offset, std::uint64_t length) {
    if (tls_) co_return co_await send_file_copied(fd, offset, length);
    while (true) {
        auto at = static_cast<off_t>(offset);
        const ssize_t sent = ::sendfile(socket_.native_handle(), fd, &at, std::min(length, kFilePiece));
        if (sent > 0) co_return Transfer{error_code{}, static_cast<std::size_t>(sent)};
        if (sent == 0) co_return Transfer{asio::error::eof, 0};
        if (errno == EINTR) continue;
        if (errno == EINVAL || errno == ENOSYS) co_return co_await send_file_copied(fd, offset, length);
        if (errno != EAGAIN) co_return Transfer{last_error(), 0};
        const auto [error] = co_await socket_.async_wait(Socket::wait_write, await_result);
        if (error) co_return Transfer{error, 0};
    }
}

// For TLS, and for files that the kernel cannot send by itself.
Task<Transfer> Stream::send_file_copied(int fd, std::uint64_t offset, std::uint64_t length) {
    std::vector<char> piece(std::min(length, kCopiedPiece));
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
    if (got < 0) co_return Transfer{last_error(), 0};
    if (got == 0) co_return Transfer{asio::error::eof, 0};
    co_return co_await write_some({piece.data(), static_cast<std::size_t>(got)});
}

Task<Transfer> Stream::drop_some(asio::mutable_buffer buffer) {
    return socket_.async_read_some(buffer, await_result);
}

Task<void> Stream::shutdown() {
    if (tls_) co_await tls_->async_shutdown(await_result);
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

Stream::Presence Stream::presence() {
    pollfd events{socket_.native_handle(), POLLIN | POLLRDHUP, 0};
    if (::poll(&events, 1, 0) <= 0) return Presence::here;
    if ((events.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return Presence::gone;
    return (events.revents & POLLRDHUP) != 0 ? Presence::left : Presence::busy;
}

void Stream::on_readable(std::function<void(error_code)> handler) {
    socket_.async_wait(Socket::wait_read, std::move(handler));
}

void Stream::cancel() {
    error_code ignored;
    socket_.cancel(ignored);
}

void Stream::close() {
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace baton::net
