#include "loadgen/plan/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace loadgen::plan {
namespace {

using testing::HasSubstr;

TEST(Fields, AreWrittenAsOnTheWire) {
    const Parsed<Header> header = parse_header("X-Tag: a: b\t");
    ASSERT_TRUE(header);
    EXPECT_EQ(header->name, "X-Tag");
    EXPECT_EQ(header->value, "a: b");
    EXPECT_EQ(parse_header("A:")->value, "");
    EXPECT_EQ(parse_header("A:\xc3\xa4")->value, "\xc3\xa4");
}

TEST(Fields, ThatCouldEndTheHeadAreRefused) {
    EXPECT_THAT(parse_header("X-Tag").why(), HasSubstr("a header is written 'Name: value'"));
    EXPECT_THAT(parse_header(": a").why(), HasSubstr("\"\" is not a header's name"));
    EXPECT_THAT(parse_header("A : b").why(), HasSubstr("\"A \" is not a header's name"));
    EXPECT_THAT(parse_header("A: b\r\nC: d").why(), HasSubstr("has control characters"));
    EXPECT_THAT(parse_header(std::string("A: b\0c", 6)).why(), HasSubstr("has control characters"));
    EXPECT_THAT(parse_header("A: " + std::string(70'000, 'b')).why(),
                HasSubstr("is longer than 65536 bytes"));
}

TEST(Fields, OfTheFramingAreRefused) {
    for (const char* name :
         {"Content-Length", "TRANSFER-ENCODING", "connection", "Keep-Alive", "Upgrade", "Trailer",
          "Sec-WebSocket-Key", "sec-websocket-version", "Sec-WebSocket-Extensions"})
        EXPECT_THAT(check_header({name, "1"})->why, HasSubstr("cannot be set: ")) << name;
    EXPECT_FALSE(check_header({"Host", "other.example:80"}));
    EXPECT_FALSE(check_header({"Sec-WebSocket-Protocol", "chat"}));
}

TEST(Fields, OfOneRequestAreBounded) {
    EXPECT_THAT(check_headers({{"Host", "a"}, {"host", "b"}})->why, HasSubstr("Host is given twice"));
    EXPECT_THAT(check_headers(std::vector<Header>(101, {"A", "b"}))->why, HasSubstr("more than 100 headers"));
    EXPECT_FALSE(check_headers(std::vector<Header>(100, {"A", "b"})));
}

TEST(Fields, MethodsAreTokens) {
    for (const char* good : {"GET", "PROPFIND", "M-SEARCH", "get"}) EXPECT_FALSE(check_method(good)) << good;
    for (const char* bad : {"", "GET ", "G\xc3\xa4T", "GET\r\n", "A/B", "CONNECT"})
        EXPECT_TRUE(check_method(bad)) << bad;
}

}  // namespace
}  // namespace loadgen::plan
