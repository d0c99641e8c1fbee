#include "interp/wsgi/environ.hpp"

#include "interp/errors.hpp"

namespace baton::interp::wsgi {

namespace {

// sys.stderr; where a daemon has closed it, nowhere.
Owned error_stream() {
    PyObject* stream = PySys_GetObject("stderr");
    if (stream != nullptr && stream != Py_None) return borrow(stream);
    const Owned io = expect(PyImport_ImportModule("io"));
    return expect(PyObject_CallMethod(io.get(), "open", "(ss)", "/dev/null", "w"));
}

bool put(PyObject* environ, Borrowed key, Borrowed value) {
    return value && PyDict_SetItem(environ, key.get(), value.get()) == 0;
}

// RFC 9110 section 5.3: repeated fields are one list; cookies alone are separated by semicolons (RFC
// 9113 8.2.3).
bool append(PyObject* environ, Borrowed key, std::string_view value, const char* separator) {
    PyObject* before = PyDict_GetItemWithError(environ, key.get());
    if (before == nullptr) return false;
    const Owned more = steal(latin1(value));
    const Owned joined =
        more ? steal(PyUnicode_FromFormat("%U%s%U", before, separator, more.get())) : Owned();
    return put(environ, key, joined);
}

}  // namespace

Environ::Environ(const Strings& strings, const WsgiOptions& options, Borrowed file_wrapper,
                 Borrowed empty_input)
    : strings_(strings), prefix_(options.prefix.size()), template_(expect(PyDict_New())), keys_(strings) {
    const auto set = [&](const Owned& key, Borrowed value) {
        expect(PyDict_SetItem(template_.get(), key.get(), value.get()));
    };
    const Owned version = expect(Py_BuildValue("(ii)", 1, 0));
    const Owned errors = error_stream();
    const Owned software = make_str(options.software);
    set(strings.wsgi_version, version);
    set(strings.wsgi_url_scheme, strings.http);
    set(strings.wsgi_input, empty_input);
    set(strings.wsgi_errors, errors);
    set(strings.wsgi_multithread, options.multithread ? Py_True : Py_False);
    set(strings.wsgi_multiprocess, options.multiprocess ? Py_True : Py_False);
    set(strings.wsgi_run_once, Py_False);
    set(strings.wsgi_input_terminated, Py_True);
    set(strings.wsgi_file_wrapper, file_wrapper);
    set(strings.server_software, software);
    // Every key that each request sets is there already. With these 22 the table is of the size that has room
    // for about 20 request fields, and a copy keeps that size: no request makes it grow.
    for (const Owned* key :
         {&strings.script_name, &strings.request_method, &strings.path_info, &strings.query_string,
          &strings.request_uri, &strings.raw_uri, &strings.server_protocol, &strings.server_name,
          &strings.server_port, &strings.remote_addr, &strings.remote_port, &strings.request_id}) {
        set(*key, strings.empty);
    }
    set(strings.script_name, expect(latin1(options.prefix)));
}

Owned Environ::make(const dispatch::Exchange& exchange, Borrowed input) {
    Owned environ = steal(PyDict_Copy(template_.get()));
    if (!environ) return {};
    // Not before the copy, which may collect garbage: finalisers are Python, and another thread may come
    // here.
    ++requests_;
    PyObject* dict = environ.get();
    const bool made = put_request(dict, exchange) && put_path(dict, exchange.request) &&
                      (!exchange.peer || put_peer(dict, *exchange.peer)) && put_fields(dict, exchange) &&
                      (!input || put(dict, strings_.wsgi_input, input));
    return made ? std::move(environ) : Owned();
}

bool Environ::put_request(PyObject* environ, const dispatch::Exchange& exchange) {
    const http::Request& request = exchange.request;
    return put(environ, strings_.request_method, method(request.method())) &&
           put(environ, strings_.server_protocol,
               request.version() == 10 ? strings_.http_1_0 : strings_.http_1_1) &&
           put(environ, strings_.request_id, steal(latin1(exchange.id)));
}

// Mostly the path, the target and its raw form are one text, and then they are one object.
bool Environ::put_path(PyObject* environ, const http::Request& request) {
    const std::string_view rest = request.path().substr(prefix_);
    const Owned path = path_.get(rest);
    const Owned target = request.target() == rest ? borrow(path) : target_.get(request.target());
    return put(environ, strings_.path_info, path) && put(environ, strings_.request_uri, target) &&
           put(environ, strings_.raw_uri, target) &&
           (request.query().empty() || put(environ, strings_.query_string, query_.get(request.query())));
}

bool Environ::put_peer(PyObject* environ, const dispatch::Peer& peer) {
    return put(environ, strings_.server_name, server_name_.get(peer.server_name)) &&
           put(environ, strings_.server_port, server_port_.get(peer.server_port)) &&
           put(environ, strings_.remote_addr, remote_addr_.get(peer.remote_address)) &&
           put(environ, strings_.remote_port, remote_port_.get(peer.remote_port)) &&
           (!peer.tls || put_tls(environ, peer));
}

// The names that mod_ssl made customary.
bool Environ::put_tls(PyObject* environ, const dispatch::Peer& peer) {
    const bool verified = !peer.client_certificate.empty();
    return put(environ, strings_.wsgi_url_scheme, strings_.https_scheme) &&
           put(environ, strings_.https, strings_.on) &&
           put(environ, strings_.ssl_protocol, steal(latin1(peer.tls_protocol))) &&
           put(environ, strings_.ssl_cipher, steal(latin1(peer.tls_cipher))) &&
           put(environ, strings_.ssl_client_verify, verified ? strings_.success : strings_.none) &&
           (!verified || put(environ, strings_.ssl_client_s_dn, steal(latin1(peer.client_certificate))));
}

bool Environ::put_fields(PyObject* environ, const dispatch::Exchange& exchange) {
    const http::Request& request = exchange.request;
    for (std::size_t i = 0; i < request.field_count(); ++i) {
        if (!put_field(environ, request.field(i))) return false;
    }
    // A chunked body that has come completely has a length now; applications that look for one find it.
    if (!request.chunked() || exchange.body.pipe) return true;
    return put(environ, strings_.content_length,
               steal(latin1(std::to_string(exchange.body.buffered.size()))));
}

bool Environ::put_field(PyObject* environ, const http::Request::Field& field) {
    // "X_User" and "X-User" would be the same key: somebody in front may have checked only the other one.
    if (field.name.find('_') != field.name.npos) return true;
    HeaderKeys::Entry* entry = keys_.find(field.name);
    if (entry != nullptr && entry->role == HeaderKeys::Role::dropped) return true;
    if (entry == nullptr) {
        const Owned key = HeaderKeys::make_key(field.name);
        if (!key) return false;
        if (PyDict_GetItemWithError(environ, key.get()) != nullptr)
            return append(environ, key, field.value, ", ");
        return put(environ, key, steal(latin1(field.value)));
    }
    if (entry->seen == requests_) {
        // The parser has made sure that repeated lengths are equal.
        if (entry->role == HeaderKeys::Role::content_length) return true;
        return append(environ, entry->key, field.value,
                      entry->role == HeaderKeys::Role::cookie ? "; " : ", ");
    }
    entry->seen = requests_;
    const bool keep = entry->role != HeaderKeys::Role::cookie && entry->role != HeaderKeys::Role::secret;
    return put(environ, entry->key, keep ? entry->value.get(field.value) : steal(latin1(field.value)));
}

Owned Environ::method(std::string_view name) {
    for (const Owned* known : {&strings_.get, &strings_.post, &strings_.head, &strings_.put,
                               &strings_.delete_, &strings_.options, &strings_.patch}) {
        const auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(known->get()));
        const auto* data = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(known->get()));
        if (name == std::string_view(data, length)) return borrow(*known);
    }
    return steal(latin1(name));
}

}  // namespace baton::interp::wsgi
