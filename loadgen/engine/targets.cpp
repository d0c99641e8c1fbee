#include "loadgen/engine/targets.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <stdexcept>
#include <tuple>

namespace loadgen::engine {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// How often an interrupt is looked for.
constexpr Nanoseconds kLook = std::chrono::milliseconds(50);

auto key_of(const plan::Target& target) {
    return std::tie(target.tls, target.host, target.port, target.unix_socket);
}

Address local_address(const std::string& path) {
    // An abstract name begins with a zero byte.
    return asio::local::stream_protocol::endpoint(path.front() == '@' ? '\0' + path.substr(1) : path);
}

// The addresses of a target; empty with `error` set when there are none.
std::vector<Address> addresses_of(asio::io_context& io, const plan::Target& target, error_code& error) {
    std::vector<Address> found;
    if (!target.unix_socket.empty()) return {local_address(target.unix_socket)};
    asio::ip::tcp::resolver resolver(io);
    for (const auto& entry : resolver.resolve(target.host, target.port, error))
        found.emplace_back(entry.endpoint());
    return found;
}

// How long a try may go on, and what ends it before.
struct Patience {
    Nanoseconds within;
    const std::atomic<int>& stops;
};

// Waits for the end of what has been started on this socket, which is closed when patience is at its end.
template <typename Start>
error_code try_to(asio::io_context& io, Socket& socket, const Patience& patience, const Start& start) {
    std::optional<error_code> result;
    start([&result](const error_code& error) { result = error; });
    io.restart();
    const Moment end = Clock::now() + patience.within;
    while (!result && patience.stops == 0 && Clock::now() < end)
        io.run_one_until(std::min(end, Clock::now() + kLook));
    if (result) return *result;
    error_code ignored;
    socket.close(ignored);
    io.run();
    return patience.stops == 0 ? asio::error::timed_out : asio::error::operation_aborted;
}

error_code try_connect(asio::io_context& io, Socket& socket, const Address& address,
                       const Patience& patience) {
    return try_to(io, socket, patience, [&](auto done) { socket.async_connect(address, done); });
}

error_code try_handshake(asio::io_context& io, TlsStream& stream, const Patience& patience) {
    return try_to(io, stream.next_layer(), patience,
                  [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
}

void load(asio::ssl::context& context, const plan::Trust& trust) {
    error_code error;
    const auto need = [&error](const std::string& file) {
        if (error) throw std::runtime_error(fmt::format("{}: {}", file, words_of(error)));
    };
    if (!trust.ca_file.empty()) context.load_verify_file(trust.ca_file, error);
    need(trust.ca_file);
    if (!trust.certificate.empty()) context.use_certificate_chain_file(trust.certificate, error);
    need(trust.certificate);
    if (!trust.key.empty()) context.use_private_key_file(trust.key, asio::ssl::context::pem, error);
    need(trust.key);
}

}  // namespace

std::string Place::name() const {
    return target->unix_socket.empty() ? target->authority : target->unix_socket;
}

std::vector<std::size_t> places_of(const plan::Plan& plan) {
    std::map<std::tuple<bool, std::string, std::string, std::string>, std::size_t> known;
    std::vector<std::size_t> where;
    for (const plan::Endpoint& endpoint : plan.endpoints)
        where.push_back(known.emplace(key_of(endpoint.target), known.size()).first->second);
    return where;
}

Targets::Targets(const plan::Plan& plan)
    : tls_(std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client)) {
    const std::vector<std::size_t> where = places_of(plan);
    for (std::size_t i = 0; i < where.size(); ++i)
        if (where[i] == places_.size()) places_.push_back({&plan.endpoints[i].target, {}});
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    error_code ignored;
    tls_->set_default_verify_paths(ignored);
    tls_->set_verify_mode(plan.trust.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
    load(*tls_, plan.trust);
    // RFC 7301: a server that also speaks HTTP/2 must know that we do not.
    constexpr unsigned char kProtocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(tls_->native_handle(), kProtocols, sizeof kProtocols - 1);
}

std::optional<std::string> Targets::reach(Nanoseconds within, const std::atomic<int>& stops) {
    asio::io_context io(1);
    for (Place& place : places_)
        if (auto why = reach(io, place, within, stops)) return why;
    return std::nullopt;
}

std::optional<std::string> Targets::reach(asio::io_context& io, Place& place, Nanoseconds within,
                                          const std::atomic<int>& stops) {
    const Patience patience{within, stops};
    error_code error;
    const std::vector<Address> addresses = addresses_of(io, *place.target, error);
    if (addresses.empty()) return fmt::format("{}: {}", place.name(), words_of(error));
    for (const Address& address : addresses) {
        TlsStream stream(Socket(io), *tls_);
        error = try_connect(io, stream.next_layer(), address, patience);
        if (stops > 0) break;
        if (error) continue;
        place.address = address;
        if (!place.target->tls) return std::nullopt;
        expect_peer(stream, *place.target);
        error = try_handshake(io, stream, patience);
        if (!error) return std::nullopt;
        if (stops > 0) break;
        const long verified = SSL_get_verify_result(stream.native_handle());
        if (verified != X509_V_OK)
            return fmt::format(
                "{}: the certificate is not accepted: {} (--ca names whom to trust, --insecure "
                "trusts anybody)",
                place.name(), X509_verify_cert_error_string(verified));
        return fmt::format("{}: TLS handshake: {}", place.name(), words_of(error));
    }
    if (stops > 0) return place.name() + ": interrupted before it was reached";
    return fmt::format("{}: {}", place.name(), words_of(error));
}

void expect_peer(TlsStream& stream, const plan::Target& target) {
    if (target.host.empty()) {
        // Behind a Unix socket there is no name that a certificate could be for.
        stream.set_verify_callback([](bool good, asio::ssl::verify_context&) { return good; });
        return;
    }
    error_code literal;
    asio::ip::make_address(target.host, literal);
    // RFC 6066, 3: no literal addresses in SNI.
    if (literal)
        SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(target.host.c_str()));
    const int mismatch = literal ? X509_V_ERR_HOSTNAME_MISMATCH : X509_V_ERR_IP_ADDRESS_MISMATCH;
    stream.set_verify_callback([is_peer = asio::ssl::host_name_verification(target.host), mismatch](
                                   bool good, asio::ssl::verify_context& context) {
        if (is_peer(good, context)) return true;
        // Otherwise there would be no reason but "unspecified".
        if (good) X509_STORE_CTX_set_error(context.native_handle(), mismatch);
        return false;
    });
}

std::string words_of(const error_code& error) {
    std::string text = error.message();
    if (error == asio::error::timed_out) text = "no answer in time";
    if (error == asio::ssl::error::stream_truncated || error == asio::error::eof)
        text = "the connection was closed";
    for (char& letter : text) letter = static_cast<char>(letter == '\n' ? ' ' : letter);
    return text;
}

}  // namespace loadgen::engine
