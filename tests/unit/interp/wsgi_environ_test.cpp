#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::Connection;
using test::get;
using test::make_application;

// Answers with one line "key=repr(value)" per key of the environ.
constexpr const char* kShow = R"py(
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join(f"{key}={value!r}\n" for key, value in sorted(environ.items())).encode("utf-8")]
)py";

void expect_line(const std::string& text, const std::string& line) {
    EXPECT_NE(("\n" + text).find("\n" + line + "\n"), std::string::npos) << line << " is not in\n" << text;
}

TEST(Environ, HasWhatThePepAsksFor) {
    const std::string text = get(kShow, "GET /a%20b/%C3%A9?x=1&y HTTP/1.1\r\nAccept: text/html").body;
    for (const char* line : {"REQUEST_METHOD='GET'",
                             "SCRIPT_NAME=''",
                             "PATH_INFO='/a b/\xC3\x83\xC2\xA9'",
                             "QUERY_STRING='x=1&y'",
                             "REQUEST_URI='/a%20b/%C3%A9?x=1&y'",
                             "RAW_URI='/a%20b/%C3%A9?x=1&y'",
                             "SERVER_NAME='127.0.0.1'",
                             "SERVER_PORT='8000'",
                             "SERVER_PROTOCOL='HTTP/1.1'",
                             "REMOTE_ADDR='192.0.2.7'",
                             "REMOTE_PORT='4711'",
                             "HTTP_HOST='example.test'",
                             "HTTP_ACCEPT='text/html'",
                             "REQUEST_ID='test-id'",
                             "wsgi.version=(1, 0)",
                             "wsgi.url_scheme='http'",
                             "wsgi.multithread=True",
                             "wsgi.multiprocess=False",
                             "wsgi.run_once=False",
                             "wsgi.input_terminated=True",
                             "SERVER_SOFTWARE='baton'"}) {
        expect_line(text, line);
    }
    for (const char* key : {"CONTENT_TYPE", "CONTENT_LENGTH", "HTTPS", "SSL_", "wsgi.early_hints"}) {
        EXPECT_EQ(text.find(key), std::string::npos) << key;
    }
}

TEST(Environ, SaysWhatItWasToldOfTheServer) {
    const auto application =
        make_application(kShow, {.multithread = false, .multiprocess = true, .software = "baton/1.2"});
    const std::string text = Connection().serve(*application, "GET / HTTP/1.0").body;
    expect_line(text, "wsgi.multithread=False");
    expect_line(text, "wsgi.multiprocess=True");
    expect_line(text, "SERVER_SOFTWARE='baton/1.2'");
    expect_line(text, "SERVER_PROTOCOL='HTTP/1.0'");
}

TEST(Environ, FieldsBecomeVariables) {
    const std::string text =
        get(kShow, "PURGE / HTTP/1.1\r\nx-mixed-CASE: 1\r\nX-Empty:\r\nX-Latin: caf\xE9").body;
    expect_line(text, "REQUEST_METHOD='PURGE'");
    expect_line(text, "HTTP_X_MIXED_CASE='1'");
    expect_line(text, "HTTP_X_EMPTY=''");
    expect_line(text, "HTTP_X_LATIN='caf\xC3\xA9'");
}

TEST(Environ, RepeatedFieldsAreJoined) {
    const std::string text =
        get(kShow, "GET / HTTP/1.1\r\nX-A: 1\r\nCookie: a=1\r\nx-a: 2\r\nCookie: b=2\r\nX-A: 3").body;
    expect_line(text, "HTTP_X_A='1, 2, 3'");
    expect_line(text, "HTTP_COOKIE='a=1; b=2'");
}

TEST(Environ, AmbiguousAndDangerousFieldsAreDropped) {
    const std::string text = get(kShow, "GET / HTTP/1.1\r\nX_User: a\r\nProxy: http://evil.test").body;
    EXPECT_EQ(text.find("X_USER"), std::string::npos);
    EXPECT_EQ(text.find("HTTP_PROXY"), std::string::npos);
}

TEST(Environ, BodiesHaveTypeAndLength) {
    const auto application = make_application(kShow);
    Connection connection;
    const std::string sized =
        connection.serve(*application, "POST / HTTP/1.1\r\nContent-Type: a/b\r\nContent-Length: 3", "abc")
            .body;
    expect_line(sized, "CONTENT_TYPE='a/b'");
    expect_line(sized, "CONTENT_LENGTH='3'");
    EXPECT_EQ(sized.find("HTTP_CONTENT"), std::string::npos);
    const std::string chunked =
        connection
            .serve(*application, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked", "4\r\nabcd\r\n0\r\n\r\n")
            .body;
    expect_line(chunked, "CONTENT_LENGTH='4'");
}

TEST(Environ, NothingOfARequestIsInTheNext) {
    const auto application = make_application(kShow);
    Connection connection;
    connection.serve(*application, "GET /first?q HTTP/1.1\r\nX-Only: 1\r\nCookie: secret=1");
    const std::string text = connection.serve(*application, "GET /second HTTP/1.1").body;
    expect_line(text, "PATH_INFO='/second'");
    expect_line(text, "QUERY_STRING=''");
    EXPECT_EQ(text.find("X_ONLY"), std::string::npos);
    EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(Environ, MoreNamesThanTheCacheKeepsStillWork) {
    const auto application = make_application(kShow);
    Connection connection;
    for (int i = 0; i < 300; ++i) {
        const std::string n = std::to_string(i);
        connection.serve(*application, "GET / HTTP/1.1\r\nX-Invented-" + n + ": " + n);
    }
    const std::string text =
        connection.serve(*application, "POST / HTTP/1.1\r\nX-Late: 1\r\nX-Late: 2\r\nContent-Type: c/d").body;
    expect_line(text, "HTTP_X_LATE='1, 2'");
    expect_line(text, "CONTENT_TYPE='c/d'");
}

TEST(Environ, TlsIsToldAsModSslDoes) {
    const auto application = make_application(kShow);
    Connection connection;
    connection.peer->tls = true;
    connection.peer->tls_protocol = "TLSv1.3";
    connection.peer->tls_cipher = "TLS_AES_256_GCM_SHA384";
    const std::string text = connection.serve(*application, "GET / HTTP/1.1").body;
    for (const char* line : {"wsgi.url_scheme='https'", "HTTPS='on'", "SSL_PROTOCOL='TLSv1.3'",
                             "SSL_CIPHER='TLS_AES_256_GCM_SHA384'", "SSL_CLIENT_VERIFY='NONE'"}) {
        expect_line(text, line);
    }
    connection.peer->client_certificate = "CN=somebody";
    const std::string verified = connection.serve(*application, "GET / HTTP/1.1").body;
    expect_line(verified, "SSL_CLIENT_VERIFY='SUCCESS'");
    expect_line(verified, "SSL_CLIENT_S_DN='CN=somebody'");
}

TEST(Environ, AnApplicationCanNameItsRoute) {
    EXPECT_EQ(get(R"py(
def application(environ, start_response):
    environ["baton.route"] = "/users/{id}"
    start_response("200 OK", [])
    return []
)py")
                  .route,
              "/users/{id}");
    EXPECT_EQ(get(kShow).route, "");
    EXPECT_EQ(get(R"py(
def application(environ, start_response):
    environ["baton.route"] = 42
    start_response("200 OK", [])
    return []
)py")
                  .route,
              "");
}

}  // namespace
}  // namespace baton::interp
