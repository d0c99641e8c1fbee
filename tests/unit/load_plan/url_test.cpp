#include "loadgen/plan/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loadgen/plan/random.hpp"

namespace loadgen::plan {
namespace {

using testing::HasSubstr;

Target target_of(std::string_view url) {
    const Parsed<Address> address = parse_url(url);
    EXPECT_TRUE(address) << url << ": " << (address ? "" : address.why());
    return address ? address->target : Target{};
}

std::string why_of(std::string_view url) {
    const Parsed<Address> address = parse_url(url);
    EXPECT_FALSE(address) << url;
    return address ? "" : address.why();
}

TEST(Url, IsTakenApart) {
    const Target target = target_of("http://Example.com:8000/a/b?c=d&e#f");
    EXPECT_FALSE(target.tls);
    EXPECT_EQ(target.host, "example.com");
    EXPECT_EQ(target.port, "8000");
    EXPECT_EQ(target.authority, "example.com:8000");
    EXPECT_EQ(target.path, "/a/b?c=d&e");
    EXPECT_EQ(target.unix_socket, "");
}

TEST(Url, HasADefaultPortThatIsNotInTheHostField) {
    EXPECT_EQ(target_of("http://h").port, "80");
    EXPECT_EQ(target_of("https://h").port, "443");
    EXPECT_EQ(target_of("http://h:80/").authority, "h");
    EXPECT_EQ(target_of("http://h:/").port, "80");
    EXPECT_EQ(target_of("https://h:80/").authority, "h:80");
    EXPECT_EQ(target_of("http://h:0080/").authority, "h");
}

TEST(Url, SchemeSaysProtocolAndTls) {
    EXPECT_EQ(parse_url("ws://h/")->kind, Kind::websocket);
    EXPECT_EQ(parse_url("http://h/")->kind, Kind::http);
    EXPECT_TRUE(parse_url("WSS://h/")->target.tls);
    EXPECT_EQ(parse_url("wss://h/")->kind, Kind::websocket);
    EXPECT_EQ(target_of("wss://h/").port, "443");
}

TEST(Url, IPv6HasBracketsInTheHostFieldOnly) {
    const Target target = target_of("http://[::1]:8000/x");
    EXPECT_EQ(target.host, "::1");
    EXPECT_EQ(target.port, "8000");
    EXPECT_EQ(target.authority, "[::1]:8000");
    const Target zone = target_of("https://[fe80::1%25eth0]/");
    EXPECT_EQ(zone.host, "fe80::1%eth0");
    EXPECT_EQ(zone.authority, "[fe80::1]");
}

TEST(Url, WithoutAPathHasTheRoot) {
    EXPECT_EQ(target_of("http://h").path, "/");
    EXPECT_EQ(target_of("http://h?a=b").path, "/?a=b");
    EXPECT_EQ(target_of("http://h#top").path, "/");
}

TEST(Url, EncodesWhatHasNoPlaceInARequestLine) {
    EXPECT_EQ(target_of("http://h/\xc3\xa4?q=\"<a>\"&l[]=%C3%A4").path,
              "/%C3%A4?q=%22%3Ca%3E%22&l%5B%5D=%C3%A4");
    EXPECT_EQ(target_of("http://h/a/../b;c=1,2?x=/?&y=@").path, "/a/../b;c=1,2?x=/?&y=@");
}

TEST(Url, ReachesUnixSockets) {
    const Target plain = target_of("http+unix:/run/baton.sock:/path?q=1:/2");
    EXPECT_EQ(plain.unix_socket, "/run/baton.sock");
    EXPECT_EQ(plain.path, "/path?q=1:/2");
    EXPECT_EQ(plain.authority, "localhost");
    EXPECT_EQ(plain.host, "");
    EXPECT_EQ(target_of("http+unix:/run/baton.sock").path, "/");
    EXPECT_EQ(target_of("http+unix:/run/baton.sock:").unix_socket, "/run/baton.sock");
    EXPECT_EQ(target_of("http+unix:///run/b.sock:/x").unix_socket, "/run/b.sock");
    EXPECT_EQ(target_of("http+unix:@name:/x").unix_socket, "@name");
    EXPECT_TRUE(target_of("https+unix:/s:/").tls);
    EXPECT_EQ(parse_url("wss+unix:/s:/")->kind, Kind::websocket);
    const Target encoded = target_of("http+unix://%2Frun%2Fb.sock/x/y");
    EXPECT_EQ(encoded.unix_socket, "/run/b.sock");
    EXPECT_EQ(encoded.path, "/x/y");
}

TEST(Url, SaysWhatIsWrong) {
    EXPECT_THAT(why_of(""), HasSubstr("is empty"));
    EXPECT_THAT(why_of("localhost:8000/"), HasSubstr("has no scheme; it starts with http://"));
    EXPECT_THAT(why_of("/path"), HasSubstr("has no scheme"));
    EXPECT_THAT(why_of("ftp://h/"), HasSubstr("has the scheme \"ftp\""));
    EXPECT_THAT(why_of("http:/h/"), HasSubstr("has no //"));
    EXPECT_THAT(why_of("http:///x"), HasSubstr("has no host"));
    EXPECT_THAT(why_of("http://:80/x"), HasSubstr("has no host"));
    EXPECT_THAT(why_of("http://h:0/"), HasSubstr("has the port \"0\""));
    EXPECT_THAT(why_of("http://h:65536/"), HasSubstr("has the port \"65536\""));
    EXPECT_THAT(why_of("http://h:8o/"), HasSubstr("has the port \"8o\""));
    EXPECT_THAT(why_of("http://::1/"), HasSubstr("goes in brackets"));
    EXPECT_THAT(why_of("http://[::1/"), HasSubstr("'[' without a ']'"));
    EXPECT_THAT(why_of("http://[::g]/"), HasSubstr("no IPv6 address"));
    EXPECT_THAT(why_of("http://[::1]x/"), HasSubstr("behind ']'"));
    EXPECT_THAT(why_of("http://[::1%25]/"), HasSubstr("unusable zone"));
    EXPECT_THAT(why_of("http://h/a b"), HasSubstr("has a blank at character 11 (write %20)"));
    EXPECT_THAT(why_of("http://h/a\r\nX: y"), HasSubstr("control character (0x0d) at character 11"));
    EXPECT_THAT(why_of(std::string_view("http://h/\0", 10)), HasSubstr("control character (0x00)"));
    EXPECT_THAT(why_of("http://h/100%"), HasSubstr("write %25"));
    EXPECT_THAT(why_of("http://h/%zz"), HasSubstr("write %25"));
    EXPECT_THAT(why_of("http://h\xc3\xa4.de/"), HasSubstr("xn--"));
    EXPECT_THAT(why_of("http://h,i/"), HasSubstr("has \",\" in its host"));
    EXPECT_THAT(why_of("http+unix:"), HasSubstr("names no socket"));
    EXPECT_THAT(why_of("http+unix:@:/"), HasSubstr("names no socket"));
    EXPECT_THAT(why_of("http+unix:/a%00b:/"), HasSubstr("null byte"));
    EXPECT_THAT(why_of("http+unix:/" + std::string(107, 'a') + ":/"), HasSubstr("more than 107 bytes"));
    EXPECT_THAT(why_of("http://h/" + std::string(20'000, 'a')), HasSubstr("is longer than"));
    EXPECT_THAT(why_of("http://" + std::string(300, 'a') + "/"), HasSubstr("more than 253 bytes"));
}

TEST(Url, NeverRepeatsAPassword) {
    for (const std::string url :
         {"http://me:secret@h/", "http://secret@h:1/x", "http://a:secret@b:secret@h/"}) {
        const std::string why = why_of(url);
        EXPECT_THAT(why, HasSubstr("Authorization"));
        EXPECT_EQ(why.find("secret"), std::string::npos) << why;
    }
}

TEST(Path, StartsWithASlash) {
    EXPECT_EQ(*parse_path("/x?y=\xc3\xa4#z"), "/x?y=%C3%A4");
    EXPECT_THAT(parse_path("x").why(), HasSubstr("does not start with '/'"));
    EXPECT_THAT(parse_path("/x y").why(), HasSubstr("blank"));
}

// Whatever comes in: no crash, and what is accepted can be written into a request's head.
TEST(Url, WhatIsAcceptedIsSafeInARequestLine) {
    const std::vector<std::string> pieces{
        "http", "https", "ws",       "+unix", ":",  "//",   "/",     "[",    "]", "::1", "@",   "%",
        "%25",  "%0d",   "h",        ".",     "-",  "8000", "99999", "?",    "#", "&",   "=",   " ",
        "\r\n", "\t",    "\xc3\xa4", "\xff",  "\\", "\"",   "{",     "eth0", "a", "_",   "\x7f"};
    Random random(7);
    int accepted = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string url = round % 2 == 0 ? "http://" : "";
        for (std::uint64_t left = random.next() % 8; left > 0; --left)
            url += pieces[random.next() % pieces.size()];
        const Parsed<Address> address = parse_url(url);
        if (!address) {
            ASSERT_EQ(address.why().find('\n'), std::string::npos) << url;
            continue;
        }
        ++accepted;
        const Target& target = address->target;
        ASSERT_TRUE(target.path.starts_with('/')) << url;
        for (const char c : target.path + target.authority) ASSERT_TRUE(c > ' ' && c < 0x7f) << url;
        ASSERT_EQ(target.host.empty(), !target.unix_socket.empty()) << url;
        // Encoding is done once: a path that has been through it stays as it is.
        ASSERT_EQ(*parse_path(target.path), target.path) << url;
    }
    EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace loadgen::plan
