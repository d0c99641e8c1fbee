#include "interp/asgi/header_names.hpp"
#include "interp/asgi/scope.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using interp::test::Connection;

class ScopeTest : public ::testing::Test {
  protected:
    // The scope becomes the global `scope`.
    void make(const std::string& head, Scopes::Kind kind = Scopes::Kind::http) {
        const Owned scope = scopes_.make(*connection_.exchange(head), kind);
        ASSERT_TRUE(scope);
        room_.give("scope", scope);
    }
    std::string show(const std::string& expression) { return room_.show(expression); }

    test::LoopRoom room_;
    Connection connection_;
    Scopes scopes_{room_.loop(), "/mounted"};
};

TEST_F(ScopeTest, HasWhatTheSpecificationAsksFor) {
    make("GET /mounted/a%20b/%C3%A9?x=1&y HTTP/1.1\r\nX-Mixed-CASE: V\r\nX-Latin: \xE9\r\nx-mixed-case: W");
    EXPECT_EQ(show("scope['type'], scope['method'], scope['scheme'], scope['http_version']"),
              "('http', 'GET', 'http', '1.1')");
    EXPECT_EQ(show("scope['asgi']"), "{'version': '3.0', 'spec_version': '2.4'}");
    EXPECT_EQ(show("scope['path']"), "/mounted/a b/\xC3\xA9");
    EXPECT_EQ(show("scope['raw_path'], scope['query_string'], scope['root_path']"),
              "(b'/mounted/a%20b/%C3%A9', b'x=1&y', '/mounted')");
    EXPECT_EQ(show("scope['client'], scope['server']"), "(('192.0.2.7', 4711), ('127.0.0.1', 8000))");
    EXPECT_EQ(show("list(scope['headers'])"),
              "[(b'x-mixed-case', b'V'), (b'x-latin', b'\\xe9'), (b'x-mixed-case', b'W'), "
              "(b'host', b'example.test')]");
    EXPECT_EQ(show("scope['extensions']"), "{'http.response.pathsend': {}, 'http.response.early_hint': {}}");
    EXPECT_EQ(show("len(scope)"), "13") << show("sorted(scope)");
}

TEST_F(ScopeTest, OldAndUnusualRequestsAreTold) {
    make("PURGE /%FF HTTP/1.0");
    EXPECT_EQ(show("scope['method'], scope['http_version'], scope['query_string']"), "('PURGE', '1.0', b'')");
    EXPECT_EQ(show("ascii(scope['path']), scope['raw_path']"), "(\"'/\\\\ufffd'\", b'/%FF')");
}

TEST_F(ScopeTest, TrailersAreOfferedToThoseWhoTakeThem) {
    const auto offered = [&](const std::string& head) {
        make(head);
        return show("'http.response.trailers' in scope['extensions']");
    };
    EXPECT_EQ(offered("GET / HTTP/1.1\r\nTE: trailers"), "True");
    EXPECT_EQ(offered("GET / HTTP/1.1\r\nTE: gzip;q=0.5 , Trailers;q=1"), "True");
    EXPECT_EQ(offered("GET / HTTP/1.1\r\nTE: nottrailers, trailersnot"), "False");
    EXPECT_EQ(offered("GET / HTTP/1.0\r\nTE: trailers"), "False");
    EXPECT_EQ(offered("GET / HTTP/1.1"), "False");
}

TEST_F(ScopeTest, UnixSocketsHaveNoAddresses) {
    connection_.peer = std::make_shared<dispatch::Peer>();
    make("GET / HTTP/1.1");
    EXPECT_EQ(show("scope['client'], scope['server'], scope['scheme']"), "(None, None, 'http')");
}

TEST_F(ScopeTest, TlsIsAnExtension) {
    connection_.peer->tls = true;
    connection_.peer->tls_protocol = "TLSv1.3";
    connection_.peer->client_certificate = "CN=somebody";
    make("GET / HTTP/1.1");
    EXPECT_EQ(show("scope['scheme']"), "https");
    EXPECT_EQ(show("scope['extensions']['tls']['tls_version'], "
                   "scope['extensions']['tls']['client_cert_name']"),
              "(772, 'CN=somebody')");
    make("GET / HTTP/1.1\r\nSec-WebSocket-Key: x", Scopes::Kind::websocket);
    EXPECT_EQ(show("scope['scheme'], 'tls' in scope['extensions']"), "('wss', True)");
    // What one connection was told is not in another's.
    connection_.peer = std::make_shared<dispatch::Peer>();
    make("GET / HTTP/1.1");
    EXPECT_EQ(show("scope['scheme'], 'tls' in scope['extensions'], scope['client']"),
              "('http', False, None)");
}

TEST_F(ScopeTest, WebSocketsHaveSubprotocolsAndNoMethod) {
    make("GET /chat HTTP/1.1\r\nSec-WebSocket-Protocol: a, b\t,,\r\nsec-websocket-protocol: c",
         Scopes::Kind::websocket);
    EXPECT_EQ(show("scope['type'], scope['scheme'], scope['subprotocols'], 'method' in scope"),
              "('websocket', 'ws', ['a', 'b', 'c'], False)");
    EXPECT_EQ(show("scope['extensions']"), "{'websocket.http.response': {}}");
    make("GET / HTTP/1.1");
    EXPECT_EQ(show("'subprotocols' in scope"), "False");
}

TEST_F(ScopeTest, NothingOfARequestIsInTheNext) {
    make("POST /first?q HTTP/1.0\r\nCookie: secret");
    room_.run("scope['mine'] = 1; scope['extensions']['mine'] = 1; scope['headers'].append('mine')");
    make("GET /second HTTP/1.1");
    EXPECT_EQ(show("'mine' in scope, 'mine' in scope['extensions'], 'state' in scope"),
              "(False, False, False)");
    EXPECT_EQ(show("scope['path'], scope['query_string'], scope['http_version'], scope['headers']"),
              "('/second', b'', '1.1', [(b'host', b'example.test')])");
}

TEST_F(ScopeTest, TheStateIsACopyWhoseValuesAreShared) {
    room_.run("state = {'pool': []}");
    scopes_.set_state(room_.get("state"));
    make("GET / HTTP/1.1");
    room_.run("scope['state']['mine'] = 1; scope['state']['pool'].append(1)");
    make("GET / HTTP/1.1");
    EXPECT_EQ(show("scope['state']"), "{'pool': [1]}");
}

class HeaderNamesTest : public ::testing::Test {
  protected:
    Owned field(const std::string& name, const std::string& value) { return names_.field(name, value); }
    std::string text(Borrowed object) {
        room_.give("field", object);
        return room_.show("field");
    }

    test::LoopRoom room_;
    HeaderNames names_;
};

TEST_F(HeaderNamesTest, WhatClientsRepeatIsMadeOnce) {
    const Owned first = field("Accept", "a/b");
    EXPECT_EQ(text(first), "(b'accept', b'a/b')");
    EXPECT_EQ(field("Accept", "a/b").get(), first.get());
    EXPECT_EQ(text(field("Accept", "c/d")), "(b'accept', b'c/d')");
    EXPECT_EQ(text(field("Accept", "")), "(b'accept', b'')");
    EXPECT_EQ(text(field("ACCEPT", "a/b")), "(b'accept', b'a/b')");
}

TEST_F(HeaderNamesTest, SecretsAreNotKept) {
    for (const char* name : {"Authorization", "cookie", "PROXY-Authorization", "Sec-WebSocket-Key"}) {
        const Owned first = field(name, "secret");
        EXPECT_EQ(Py_REFCNT(first.get()), 1) << name;
        EXPECT_NE(field(name, "secret").get(), first.get()) << name;
    }
    const Owned kept = field("Accept", "a/b");
    EXPECT_EQ(Py_REFCNT(kept.get()), 2);
}

TEST_F(HeaderNamesTest, LongValuesAndInventedNamesAreNotKept) {
    const Owned large = field("X-Large", std::string(5000, 'x'));
    EXPECT_EQ(Py_REFCNT(large.get()), 1);
    const std::string name(200, 'N');
    EXPECT_EQ(Py_REFCNT(field(name, "1").get()), 1);
    EXPECT_EQ(text(field(name, "1")), "(b'" + std::string(200, 'n') + "', b'1')");
    for (int i = 0; i < 400; ++i) field("X-Invented-" + std::to_string(i), "1");
    const Owned late = field("X-Late", "1");
    EXPECT_EQ(text(late), "(b'x-late', b'1')");
    room_.give("field", Py_None);
    EXPECT_EQ(Py_REFCNT(late.get()), 1);
}

}  // namespace
}  // namespace baton::interp::asgi
