#include "server/http/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace baton::http {
namespace {

struct Parsed {
    Request request;
    std::string body;
    std::string rest;
    Fault fault = Fault::none;
    bool head_done = false;
    bool done = false;
};

// Feeds `input` in pieces of `step` bytes, as a socket would deliver it.
Parsed parse(const std::string& input, std::size_t step = 1 << 20, ParserLimits limits = {}) {
    Parsed result;
    RequestParser parser(result.request, limits);
    std::string buffer;
    for (std::size_t at = 0; at < input.size();) {
        const std::string piece = input.substr(at, step);
        at += piece.size();
        buffer += piece;
        while (!buffer.empty() && parser.fault() == Fault::none && !parser.done()) {
            const std::size_t used =
                parser.head_done() ? parser.parse_body(buffer, result.body) : parser.parse_head(buffer);
            buffer.erase(0, used);
            if (used == 0) break;
        }
    }
    result.rest = buffer;
    result.fault = parser.fault();
    result.head_done = parser.head_done();
    result.done = parser.done();
    return result;
}

TEST(RequestParser, ReadsAHeadInAnyPieces) {
    const std::string input = "GET /a%20b/c?x=1&y=%20 HTTP/1.1\r\nHost: example.org\r\nX-One:  two \r\n\r\n";
    for (std::size_t step = 1; step <= input.size(); ++step) {
        const Parsed parsed = parse(input, step);
        ASSERT_TRUE(parsed.done) << step;
        EXPECT_EQ(parsed.request.method(), "GET");
        EXPECT_EQ(parsed.request.target(), "/a%20b/c?x=1&y=%20");
        EXPECT_EQ(parsed.request.raw_path(), "/a%20b/c");
        EXPECT_EQ(parsed.request.path(), "/a b/c");
        EXPECT_EQ(parsed.request.query(), "x=1&y=%20");
        EXPECT_EQ(parsed.request.find("x-one"), "two");
        EXPECT_EQ(parsed.request.version(), 11U);
        EXPECT_TRUE(parsed.request.keep_alive());
        EXPECT_FALSE(parsed.request.has_body());
    }
}

TEST(RequestParser, LeavesThePipelinedRequestAlone) {
    const Parsed parsed = parse("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(parsed.done);
    EXPECT_EQ(parsed.rest, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(RequestParser, ReadsBodiesByLengthAndByChunks) {
    const std::string plain = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const std::string chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: t\r\n\r\n";
    for (std::size_t step = 1; step < 80; ++step) {
        EXPECT_EQ(parse(plain, step).body, "hello") << step;
        const Parsed parsed = parse(chunked, step);
        EXPECT_TRUE(parsed.done) << step;
        EXPECT_EQ(parsed.body, "hello") << step;
        EXPECT_EQ(parsed.request.find("Trailer"), std::nullopt) << "trailers must not become headers";
    }
}

TEST(RequestParser, AbsoluteTargetReplacesHost) {
    const Parsed parsed = parse("GET http://real.example:81?q HTTP/1.1\r\nHost: other\r\n\r\n");
    EXPECT_TRUE(parsed.done);
    EXPECT_EQ(parsed.request.path(), "/");
    EXPECT_EQ(parsed.request.query(), "q");
    EXPECT_EQ(parsed.request.find("Host"), "real.example:81");
}

TEST(RequestParser, KnowsKeepAliveByVersion) {
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").request.keep_alive());
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").request.keep_alive());
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").request.keep_alive());
}

struct Bad {
    const char* name;
    std::string input;
    Fault fault;
};

class Refused : public testing::TestWithParam<Bad> {};

TEST_P(Refused, WithTheRightFaultInAnyPieces) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20})
        EXPECT_EQ(parse(GetParam().input, step).fault, GetParam().fault) << GetParam().name << " by " << step;
}

const std::string kHost = "Host: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    Requests, Refused,
    testing::Values(
        Bad{"garbage", "\x16\x03\x01\x02\r\n\r\n", Fault::malformed},
        Bad{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", Fault::malformed},
        Bad{"no target", "GET  HTTP/1.1\r\n" + kHost + "\r\n", Fault::malformed},
        Bad{"relative target", "GET foo HTTP/1.1\r\n" + kHost + "\r\n", Fault::malformed},
        Bad{"star without OPTIONS", "GET * HTTP/1.1\r\n" + kHost + "\r\n", Fault::malformed},
        Bad{"NUL in path", "GET /a%00b HTTP/1.1\r\n" + kHost + "\r\n", Fault::malformed},
        Bad{"NUL in value", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 35),
            Fault::malformed},
        Bad{"folded", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", Fault::malformed},
        Bad{"space before colon", "GET / HTTP/1.1\r\n" + kHost + "X : a\r\n\r\n", Fault::malformed},
        Bad{"no host", "GET / HTTP/1.1\r\n\r\n", Fault::malformed},
        Bad{"two hosts", "GET / HTTP/1.1\r\n" + kHost + kHost + "\r\n", Fault::malformed},
        Bad{"host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Fault::malformed},
        Bad{"two lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            Fault::malformed},
        Bad{"length list", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1, 1\r\n\r\nx", Fault::malformed},
        Bad{"signed length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +1\r\n\r\nx", Fault::malformed},
        Bad{"length overflow",
            "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 18446744073709551616\r\n\r\nx",
            Fault::malformed},
        Bad{"length and chunked",
            "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Fault::malformed},
        Bad{"chunked and length",
            "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            Fault::malformed},
        Bad{"gzip coding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n",
            Fault::not_implemented},
        Bad{"chunked twice",
            "POST / HTTP/1.1\r\n" + kHost +
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            Fault::malformed},
        Bad{"chunked in 1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n",
            Fault::malformed},
        Bad{"bad chunk size", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            Fault::malformed},
        Bad{"chunk without end",
            "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
            Fault::malformed},
        Bad{"version 2", "GET / HTTP/2.0\r\n" + kHost + "\r\n", Fault::version},
        Bad{"preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Fault::version},
        Bad{"CONNECT", "CONNECT a:1 HTTP/1.1\r\n" + kHost + "\r\n", Fault::not_implemented},
        Bad{"expectation", "POST / HTTP/1.1\r\n" + kHost + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx",
            Fault::expectation}));

TEST(RequestParser, LimitsHeadTargetFieldsAndBody) {
    const ParserLimits small{.header_bytes = 200, .target_bytes = 50, .header_fields = 3, .body_bytes = 10};
    for (const std::size_t step : {std::size_t{1}, std::size_t{13}, std::size_t{1} << 20}) {
        EXPECT_EQ(parse("GET /" + std::string(60, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", step, small).fault,
                  Fault::target_too_long);
        EXPECT_EQ(parse("GET /" + std::string(500, 'a'), step, small).fault, Fault::target_too_long);
        EXPECT_EQ(
            parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'b') + "\r\n\r\n", step, small).fault,
            Fault::head_too_large);
        std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (int i = 0; i < 4; ++i) many += "X: y\r\n";
        EXPECT_EQ(parse(many + "\r\n", step, small).fault, Fault::head_too_large);
        std::string lines = "GET / HTTP/1.1\r\n";
        for (int i = 0; i < 3; ++i) lines += "X: " + std::string(80, 'y') + "\r\n";
        EXPECT_EQ(parse(lines + "\r\n", step, small).fault, Fault::head_too_large);
        EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", step, small).fault,
                  Fault::body_too_large);
        EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n",
                        step, small)
                      .fault,
                  Fault::body_too_large);
    }
}

TEST(RequestParser, BoundsWhatItAsksToKeepOfAChunkHead) {
    const ParserLimits small{.header_bytes = 200, .target_bytes = 50, .header_fields = 3, .body_bytes = 10};
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_NE(parse(head + "1;" + std::string(1000, 'x'), 50, small).fault, Fault::none);
    EXPECT_NE(parse(head + "0\r\nTrailer: " + std::string(1000, 'x'), 50, small).fault, Fault::none);
}

// Whoever reads in pieces relies on it, however large heads may be.
TEST(RequestParser, LeavesLittleOfAChunkHeadUnconsumed) {
    const ParserLimits large{.header_bytes = 1 << 20};
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string much(RequestParser::kFramingBytes + 1, 'x');
    EXPECT_EQ(parse(head + "1;" + much, 65536, large).fault, Fault::malformed);
    EXPECT_EQ(parse(head + "0\r\nTrailer: " + much, 65536, large).fault, Fault::malformed);
    EXPECT_EQ(parse(head + "1;" + much.substr(100) + "\r\na\r\n0\r\n\r\n", 65536, large).fault, Fault::none);
}

}  // namespace
}  // namespace baton::http
