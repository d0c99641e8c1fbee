#include "server/net/tls.hpp"

#include <openssl/ssl.h>

#include <array>
#include <string_view>

namespace baton::net {

namespace {

using boost::asio::ssl::context;

void require(const boost::system::error_code& error, std::string_view what, const std::string& file) {
    if (error) throw TlsError(std::string(what) + " " + file + ": " + error.message());
}

// HTTP/1.1 is all that is spoken here; saying so in ALPN spares clients a guess (RFC 7301).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                    unsigned in_length, void*) {
    static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, ours.data(), ours.size(), in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::unique_ptr<context> make_tls_context(const config::Tls& tls) {
    if (!tls.enabled()) return nullptr;
    auto made = std::make_unique<context>(context::tls_server);
    boost::system::error_code error;
    made->use_certificate_chain_file(tls.certificate, error);
    require(error, "cannot use the certificate", tls.certificate);
    made->use_private_key_file(tls.key, context::pem, error);
    require(error, "cannot use the private key", tls.key);
    SSL_CTX* const native = made->native_handle();
    if (SSL_CTX_check_private_key(native) != 1)
        throw TlsError("the private key " + tls.key + " does not belong to the certificate " +
                       tls.certificate);
    SSL_CTX_set_min_proto_version(native, tls.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    // Renegotiation is a denial-of-service lever that no client needs; idle connections give their buffers
    // back.
    SSL_CTX_set_options(native,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, &choose_protocol, nullptr);
    static constexpr std::array<unsigned char, 5> session_context = {'b', 'a', 't', 'o', 'n'};
    SSL_CTX_set_session_id_context(native, session_context.data(), session_context.size());
    if (!tls.client_ca.empty()) {
        made->load_verify_file(tls.client_ca, error);
        require(error, "cannot use the client CA", tls.client_ca);
        SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(tls.client_ca.c_str()));
        made->set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert,
                              error);
    }
    return made;
}

}  // namespace baton::net
