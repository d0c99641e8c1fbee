#include "server/http/response.hpp"

#include <gtest/gtest.h>

#include "server/http/serializer.hpp"

namespace baton::http {
namespace {

TEST(ResponseHead, TakesStatusLines) {
    ResponseHead head;
    EXPECT_TRUE(head.set_status("404 Not Found"));
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.reason, "Not Found");
    EXPECT_TRUE(head.set_status("299"));
    for (const char* bad : {"", "20", "20x OK", "200OK", "100 Continue", "200 OK\r\nX: y", "0200 OK"})
        EXPECT_FALSE(head.set_status(bad)) << bad;
}

TEST(ResponseHead, RefusesWhatCouldSplitAResponse) {
    ResponseHead head;
    EXPECT_EQ(head.add("X", "a\r\nSet-Cookie: b"), FieldFault::bad_value);
    EXPECT_EQ(head.add("X", "a\nb"), FieldFault::bad_value);
    EXPECT_EQ(head.add("X", std::string_view("a\0b", 3)), FieldFault::bad_value);
    EXPECT_EQ(head.add("X\r\nY", "a"), FieldFault::bad_name);
    EXPECT_EQ(head.add("X Y", "a"), FieldFault::bad_name);
    EXPECT_EQ(head.add("", "a"), FieldFault::bad_name);
    EXPECT_EQ(head.add("Transfer-Encoding", "chunked"), FieldFault::transfer_encoding);
    EXPECT_EQ(head.fields, "") << "nothing refused may be kept";
    EXPECT_EQ(head.add("X", "tab\tand \xe9 are fine"), FieldFault::none);
}

TEST(ResponseHead, NamesTrailersOnlyWhereTheyCanFollow) {
    ResponseHead head;
    head.add("Trailer", "X-Sum");
    head.add("trailer", "X-More");
    EXPECT_EQ(head.fields, "");
    const auto serialized = [&](Framing framing, bool taken) {
        std::string out;
        serialize_head(out, head, {.framing = framing, .length = 5, .trailers = taken});
        return out;
    };
    EXPECT_NE(serialized(Framing::chunked, true).find("Trailer: X-Sum, X-More\r\n"), std::string::npos);
    EXPECT_EQ(serialized(Framing::chunked, false).find("Trailer"), std::string::npos);
    EXPECT_EQ(serialized(Framing::length, true).find("Trailer"), std::string::npos);
    head.clear();
    EXPECT_EQ(head.trailer, "");
}

TEST(ResponseHead, FindsAndReplaces) {
    ResponseHead head;
    EXPECT_EQ(head.find("X"), std::nullopt);
    head.add("X-Long", "1");
    head.add("Content-Length", "5");
    head.add("x", "two");
    EXPECT_EQ(head.find("X"), "two") << "not X-Long";
    EXPECT_EQ(head.find("x-long"), "1");
    head.set_length(77);
    EXPECT_EQ(head.content_length, 77U);
    EXPECT_EQ(head.fields, "X-Long: 1\r\nx: two\r\nContent-Length: 77\r\n");
}

TEST(AppendField, KeepsTheMessageWhole) {
    std::string lines;
    EXPECT_EQ(append_field(lines, "X\r\nY", "a"), FieldFault::bad_name);
    EXPECT_EQ(append_field(lines, "X", "a\r\nb"), FieldFault::bad_value);
    for (const char* name : {"Content-Length", "transfer-encoding", "Connection", "Trailer", "Upgrade"})
        EXPECT_EQ(append_field(lines, name, "1"), FieldFault::none) << name;
    EXPECT_EQ(lines, "");
    EXPECT_EQ(append_field(lines, "Digest", "x=y"), FieldFault::none);
    EXPECT_EQ(lines, "Digest: x=y\r\n");
}

TEST(ResponseHead, KeepsOneLength) {
    ResponseHead head;
    EXPECT_EQ(head.add("content-length", "12"), FieldFault::none);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_EQ(head.add("Content-Length", "12"), FieldFault::bad_length);
    ResponseHead other;
    for (const char* bad : {"", "-1", "+1", "1x", "1, 1", "99999999999999999999999"})
        EXPECT_EQ(other.add("Content-Length", bad), FieldFault::bad_length) << bad;
}

TEST(ResponseHead, Has204WithoutALength) {
    ResponseHead head;
    ASSERT_TRUE(head.set_status("204 No Content"));
    EXPECT_EQ(head.add("Content-Length", "5"), FieldFault::none);
    EXPECT_EQ(head.add("Content-Length", "x"), FieldFault::bad_length);
    EXPECT_EQ(head.fields, "");
    EXPECT_EQ(head.content_length, std::nullopt);
}

TEST(ResponseHead, DropsHopByHopFieldsAndHearsClose) {
    ResponseHead head;
    EXPECT_EQ(head.add("Connection", "close"), FieldFault::none);
    EXPECT_EQ(head.add("Keep-Alive", "timeout=5"), FieldFault::none);
    EXPECT_EQ(head.add("Upgrade", "h2c"), FieldFault::none);
    EXPECT_TRUE(head.close);
    EXPECT_EQ(head.fields, "");
}

std::string serialized(const ResponseHead& head, const ServerFields& fields) {
    std::string out;
    serialize_head(out, head, fields);
    return out;
}

TEST(Serializer, AddsWhatTheServerOwes) {
    ResponseHead head;
    head.set_status("200 OK");
    head.add("A", "b");
    ServerFields fields;
    fields.date_line = "Date: now\r\n";
    fields.length = 5;
    fields.request_id = "id1";
    EXPECT_EQ(serialized(head, fields),
              "HTTP/1.1 200 OK\r\nDate: now\r\nServer: baton\r\nA: b\r\nContent-Length: 5\r\nX-Request-ID: "
              "id1\r\n\r\n");
    head.add("Date", "then");
    head.add("Server", "mine");
    head.add("Content-Length", "7");
    EXPECT_EQ(serialized(head, fields),
              "HTTP/1.1 200 OK\r\nA: b\r\nDate: then\r\nServer: mine\r\nContent-Length: 7\r\n"
              "X-Request-ID: id1\r\n\r\n");
}

TEST(Serializer, ChoosesTheFraming) {
    ResponseHead head;
    EXPECT_EQ(choose_framing(head, 11, false, std::nullopt), Framing::chunked);
    EXPECT_EQ(choose_framing(head, 10, false, std::nullopt), Framing::until_close);
    EXPECT_EQ(choose_framing(head, 11, false, 3), Framing::length);
    EXPECT_EQ(choose_framing(head, 11, true, 3), Framing::none);
    head.add("Content-Length", "3");
    EXPECT_EQ(choose_framing(head, 10, false, std::nullopt), Framing::length);
    head.status = 304;
    EXPECT_EQ(choose_framing(head, 11, false, 3), Framing::none);
}

TEST(Serializer, NeverGivesABodilessStatusALength) {
    ResponseHead head;
    head.status = 204;
    ServerFields fields;
    fields.length = 0;
    EXPECT_EQ(serialized(head, fields).find("Content-Length"), std::string::npos);
}

TEST(Serializer, ChunkHeadsAreHexadecimal) {
    std::string out;
    append_chunk_head(out, 255);
    EXPECT_EQ(out, "ff\r\n");
}

}  // namespace
}  // namespace baton::http
