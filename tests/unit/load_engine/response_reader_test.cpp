#include "loadgen/engine/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace loadgen::engine {
namespace {

// An endpoint that differs from the usual one in this.
template <typename Change>
plan::Endpoint with(const Change& change) {
    plan::Endpoint endpoint;
    change(endpoint);
    return endpoint;
}

constexpr std::string_view kPlain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct Read {
    bool complete = false;
    bool malformed = false;
    std::size_t used = 0;
};

// In pieces of this size; what a reader leaves is given to it again with more behind it.
Read read(ResponseReader& reader, std::string_view bytes, std::size_t piece) {
    Read result;
    std::string held;
    for (std::size_t at = 0; at < bytes.size() && !reader.complete(); at += piece) {
        held += bytes.substr(at, piece);
        const ResponseReader::Fed fed = reader.feed(held.data(), held.size());
        held.erase(0, fed.used);
        result.used += fed.used;
        if (fed.malformed) {
            result.malformed = true;
            break;
        }
    }
    result.complete = reader.complete();
    return result;
}

class InPieces : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, InPieces, testing::Values(1, 2, 3, 7, 4096));

TEST_P(InPieces, APlainResponse) {
    const plan::Endpoint endpoint;
    ResponseReader reader(endpoint);
    const Read done = read(reader, kPlain, GetParam());
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.used, kPlain.size());
    EXPECT_EQ(reader.status(), 200);
    EXPECT_TRUE(reader.reusable());
    EXPECT_TRUE(reader.expected());
}

TEST_P(InPieces, InterimResponsesArePassedOver) {
    const plan::Endpoint endpoint;
    ResponseReader reader(endpoint);
    const Read done =
        read(reader, "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 100 C\r\n\r\n" + std::string(kPlain),
             GetParam());
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(reader.status(), 200);
}

TEST_P(InPieces, Chunks) {
    const plan::Endpoint endpoint = with([](auto& it) {
        it.expect.body_contains = "cdef";
        it.expect.body_bytes = 7;
    });
    ResponseReader reader(endpoint);
    const Read done = read(
        reader,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nT: x\r\n\r\n",
        GetParam());
    EXPECT_TRUE(done.complete);
    EXPECT_TRUE(reader.expected());
}

TEST_P(InPieces, ATextIsFoundAcrossPieces) {
    for (const bool there : {true, false}) {
        const plan::Endpoint endpoint =
            with([&](auto& it) { it.expect.body_contains = there ? "hello" : "hellO"; });
        ResponseReader reader(endpoint);
        EXPECT_TRUE(read(reader, kPlain, GetParam()).complete);
        EXPECT_EQ(reader.expected(), there);
    }
}

TEST(ResponseReader, LeavesWhatIsBehindTheResponse) {
    const plan::Endpoint endpoint;
    ResponseReader reader(endpoint);
    const std::string two = std::string(kPlain) + std::string(kPlain);
    EXPECT_EQ(read(reader, two, two.size()).used, kPlain.size());
}

TEST(ResponseReader, ABodyUntilTheEnd) {
    const plan::Endpoint endpoint = with([](auto& it) { it.expect.body_bytes = 3; });
    ResponseReader reader(endpoint);
    EXPECT_FALSE(read(reader, "HTTP/1.1 200 OK\r\n\r\nall", 100).complete);
    EXPECT_TRUE(reader.feed_end());
    EXPECT_TRUE(reader.expected());
    EXPECT_FALSE(reader.reusable());
}

TEST(ResponseReader, AnEndInTheMiddleIsNoEnd) {
    const plan::Endpoint endpoint;
    for (const std::string_view half :
         {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}) {
        ResponseReader reader(endpoint);
        read(reader, half, 100);
        EXPECT_FALSE(reader.feed_end()) << half;
        EXPECT_EQ(reader.begun(), !half.empty());
    }
}

TEST(ResponseReader, NoBodyAfterHead) {
    const plan::Endpoint endpoint = with([](auto& it) { it.method = "HEAD"; });
    ResponseReader reader(endpoint);
    EXPECT_TRUE(read(reader, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100).complete);
    EXPECT_TRUE(reader.reusable());
}

TEST(ResponseReader, NoBodyWithNoContent) {
    const plan::Endpoint endpoint;
    ResponseReader reader(endpoint);
    EXPECT_TRUE(read(reader, "HTTP/1.1 204 None\r\n\r\n", 100).complete);
}

TEST(ResponseReader, WhatIsNotHttp) {
    const plan::Endpoint endpoint;
    for (const std::string_view wrong :
         {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 101 Switch\r\n\r\n"}) {
        ResponseReader reader(endpoint);
        EXPECT_TRUE(read(reader, wrong, 1000).malformed) << wrong;
    }
}

TEST(ResponseReader, AnEndlessHeadIsMalformed) {
    const plan::Endpoint endpoint;
    ResponseReader reader(endpoint);
    EXPECT_TRUE(read(reader, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'y'), 70'000).malformed);
}

TEST(Expects, WithoutWordsEverythingBelow400) {
    EXPECT_TRUE(expects({}, 200));
    EXPECT_TRUE(expects({}, 399));
    EXPECT_FALSE(expects({}, 400));
    EXPECT_FALSE(expects({}, 0));
}

TEST(Expects, RangesIncludeTheirEnds) {
    plan::Expectation expectation;
    expectation.statuses = {{404, 404}, {500, 599}};
    EXPECT_TRUE(expects(expectation, 404));
    EXPECT_TRUE(expects(expectation, 500));
    EXPECT_TRUE(expects(expectation, 599));
    EXPECT_FALSE(expects(expectation, 200));
}

}  // namespace
}  // namespace loadgen::engine
