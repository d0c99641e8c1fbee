#include "interp/asgi/scope.hpp"

#include <boost/beast/core/string.hpp>
#include <charconv>

#include "interp/errors.hpp"

namespace baton::interp::asgi {

namespace {

bool put(PyObject* dict, const Owned& key, Borrowed value) {
    return value && PyDict_SetItem(dict, key.get(), value.get()) == 0;
}

Owned make_bytes(std::string_view bytes) {
    return steal(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
}

Owned make_latin1(std::string_view bytes) {
    return steal(PyUnicode_DecodeLatin1(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr));
}

// What is no UTF-8 becomes U+FFFD; raw_path has the bytes.
Owned make_text(std::string_view bytes) {
    return steal(PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
}

bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view part = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
        part = part.substr(0, part.find_first_of(" \t;"));
        if (boost::beast::iequals(part, token)) return true;
    }
    return false;
}

Owned make_extensions(std::initializer_list<const char*> names) {
    Owned all = expect(PyDict_New());
    for (const char* name : names) {
        const Owned none = expect(PyDict_New());
        expect(PyDict_SetItemString(all.get(), name, none.get()));
    }
    return all;
}

}  // namespace

// (host, port). Mostly it is another port of the same host.
Owned Scopes::Addresses::get(const std::string& host, const std::string& port) {
    if (last_ && port == port_ && host == host_) return borrow(last_);
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    const Owned port_object = error == std::errc{} ? steal(PyLong_FromLong(number)) : borrow(Py_None);
    if (!host_text_ || host != host_) host_text_ = make_text(host);
    if (!host_text_ || !port_object) return {};
    host_ = host;
    port_ = port;
    last_ = steal(PyTuple_Pack(2, host_text_.get(), port_object.get()));
    return borrow(last_);
}

Scopes::Scopes(Loop& loop, const std::string& prefix) : loop_(loop) {
    const Strings& strings = loop.strings;
    const Owned root_path = make_str(prefix);
    const Owned versions = expect(Py_BuildValue("{ssss}", "version", "3.0", "spec_version", "2.4"));
    const auto make_template = [&](const Owned& type, const Owned& scheme) {
        Owned scope = expect(PyDict_New());
        const auto set = [&](const Owned& key, Borrowed value) {
            expect(PyDict_SetItem(scope.get(), key.get(), value.get()));
        };
        set(strings.type, type);
        set(strings.asgi, versions);
        set(strings.http_version, strings.http_1_1);
        set(strings.scheme, scheme);
        set(strings.root_path, root_path);
        // Set by every request: the table has its size before the copy.
        for (const Owned* key : {&strings.method, &strings.path, &strings.raw_path, &strings.query_string,
                                 &strings.headers, &strings.client, &strings.server, &strings.extensions})
            set(*key, Py_None);
        if (type.get() == strings.websocket.get()) expect(PyDict_DelItem(scope.get(), strings.method.get()));
        return scope;
    };
    http_template_ = make_template(strings.http, strings.http);
    websocket_template_ = make_template(strings.websocket, strings.ws);
    http_extensions_ = make_extensions({"http.response.pathsend", "http.response.early_hint"});
    trailers_extensions_ =
        make_extensions({"http.response.pathsend", "http.response.early_hint", "http.response.trailers"});
    websocket_extensions_ = make_extensions({"websocket.http.response"});
}

Owned Scopes::make(const dispatch::Exchange& exchange, Kind kind) {
    Owned scope = steal(PyDict_Copy(kind == Kind::http ? http_template_.get() : websocket_template_.get()));
    if (!scope) return {};
    PyObject* const dict = scope.get();
    const http::Request& request = exchange.request;
    const bool made = put_request(dict, exchange, kind) && put_peer(dict, exchange, kind) &&
                      put_fields(dict, request) && put_extensions(dict, exchange, kind) &&
                      (kind == Kind::http || put_subprotocols(dict, request)) &&
                      (!state_ || put(dict, loop_.strings.state, steal(PyDict_Copy(state_.get()))));
    return made ? std::move(scope) : Owned();
}

bool Scopes::put_request(PyObject* scope, const dispatch::Exchange& exchange, Kind kind) {
    const Strings& strings = loop_.strings;
    const http::Request& request = exchange.request;
    if (!last_path_text_ || last_path_ != request.raw_path()) {
        last_path_text_ = make_text(request.path());
        last_raw_path_ = make_bytes(request.raw_path());
        last_path_ = request.raw_path();
    }
    const bool queried = !request.query().empty();
    return (kind == Kind::websocket || put(scope, strings.method, method(request.method()))) &&
           put(scope, strings.path, last_path_text_) && put(scope, strings.raw_path, last_raw_path_) &&
           put(scope, strings.query_string,
               queried ? make_bytes(request.query()) : borrow(strings.empty_bytes)) &&
           (request.version() != 10 || put(scope, strings.http_version, strings.http_1_0));
}

bool Scopes::put_peer(PyObject* scope, const dispatch::Exchange& exchange, Kind kind) {
    const Strings& strings = loop_.strings;
    if (!exchange.peer) return true;
    const dispatch::Peer& peer = *exchange.peer;
    const Owned& scheme = kind == Kind::http ? strings.https : strings.wss;
    // A unix socket has no port, and its name is not known here: both are None, as in the template.
    const bool unix_socket = peer.remote_address.empty();
    return (unix_socket || (put(scope, strings.client, clients_.get(peer.remote_address, peer.remote_port)) &&
                            put(scope, strings.server, servers_.get(peer.server_name, peer.server_port)))) &&
           (!peer.tls || put(scope, strings.scheme, scheme));
}

bool Scopes::put_fields(PyObject* scope, const http::Request& request) {
    const Owned fields = steal(PyList_New(static_cast<Py_ssize_t>(request.field_count())));
    if (!fields) return false;
    for (std::size_t i = 0; i < request.field_count(); ++i) {
        const http::Request::Field field = request.field(i);
        Owned tuple = names_.field(field.name, field.value);
        if (!tuple) return false;
        PyList_SET_ITEM(fields.get(), static_cast<Py_ssize_t>(i), tuple.release());
    }
    return put(scope, loop_.strings.headers, fields);
}

bool Scopes::put_extensions(PyObject* scope, const dispatch::Exchange& exchange, Kind kind) {
    const http::Request& request = exchange.request;
    const Owned* offered = kind == Kind::http ? &http_extensions_ : &websocket_extensions_;
    if (kind == Kind::http && request.version() == 11) {
        if (const auto te = request.find("TE"); te && has_token(*te, "trailers"))
            offered = &trailers_extensions_;
    }
    const Owned extensions = steal(PyDict_Copy(offered->get()));
    if (!extensions) return false;
    if (exchange.peer && exchange.peer->tls) {
        const Owned tls = make_tls(*exchange.peer);
        if (!tls || PyDict_SetItemString(extensions.get(), "tls", tls.get()) < 0) return false;
    }
    return put(scope, loop_.strings.extensions, extensions);
}

// The TLS extension of ASGI. What this server does not have is None, as it says.
Owned Scopes::make_tls(const dispatch::Peer& peer) {
    constexpr std::pair<std::string_view, int> kVersions[] = {
        {"TLSv1.3", 0x0304}, {"TLSv1.2", 0x0303}, {"TLSv1.1", 0x0302}, {"TLSv1", 0x0301}};
    Owned version = borrow(Py_None);
    for (const auto& [name, number] : kVersions) {
        if (peer.tls_protocol == name) version = steal(PyLong_FromLong(number));
    }
    const Owned subject =
        peer.client_certificate.empty() ? borrow(Py_None) : make_text(peer.client_certificate);
    const Owned chain = steal(PyTuple_New(0));
    if (!version || !subject || !chain) return {};
    return steal(Py_BuildValue("{sOsOsOsOsOsO}", "server_cert", Py_None, "client_cert_chain", chain.get(),
                               "client_cert_name", subject.get(), "client_cert_error", Py_None, "tls_version",
                               version.get(), "cipher_suite", Py_None));
}

bool Scopes::put_subprotocols(PyObject* scope, const http::Request& request) {
    const Owned all = steal(PyList_New(0));
    if (!all) return false;
    for (std::size_t i = 0; i < request.field_count(); ++i) {
        const http::Request::Field field = request.field(i);
        if (!boost::beast::iequals(field.name, "Sec-WebSocket-Protocol")) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            std::string_view name = rest.substr(0, comma);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
            name = name.substr(0, name.find_last_not_of(" \t") + 1);
            const Owned text = make_latin1(name);
            if (!text || (!name.empty() && PyList_Append(all.get(), text.get()) < 0)) return false;
        }
    }
    return put(scope, loop_.strings.subprotocols, all);
}

Owned Scopes::method(std::string_view name) {
    const Strings& strings = loop_.strings;
    for (const Owned* known : {&strings.get, &strings.post, &strings.head, &strings.put, &strings.delete_,
                               &strings.options, &strings.patch}) {
        const auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(known->get()));
        const auto* const data = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(known->get()));
        if (name == std::string_view(data, length)) return borrow(*known);
    }
    return make_latin1(name);
}

}  // namespace baton::interp::asgi
