#include "server/http/range.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "server/http/request_parser.hpp"

namespace baton::http {

void PrintTo(const Part& part, std::ostream* out) {
    *out << static_cast<int>(part.kind) << ' ' << part.offset << '+' << part.length;
}
bool operator==(const Part& a, const Part& b) {
    return a.kind == b.kind && a.offset == b.offset && a.length == b.length;
}

namespace {

Part part(std::uint64_t offset, std::uint64_t length) {
    return {Part::Kind::part, offset, length};
}
Part whole(std::uint64_t size) {
    return {Part::Kind::whole, 0, size};
}
const Part kUnsatisfiable{Part::Kind::unsatisfiable, 0, 0};

TEST(Range, OfBytes) {
    EXPECT_EQ(select_part("bytes=0-0", 100), part(0, 1));
    EXPECT_EQ(select_part("bytes=10-19", 100), part(10, 10));
    EXPECT_EQ(select_part("bytes=90-", 100), part(90, 10));
    EXPECT_EQ(select_part("bytes=0-", 100), part(0, 100));
    EXPECT_EQ(select_part("bytes=-10", 100), part(90, 10));
    EXPECT_EQ(select_part("Bytes=10-19", 100), part(10, 10));
    EXPECT_EQ(select_part("bytes= 10-19 ", 100), part(10, 10));
}

TEST(Range, ThatEndsBehindTheEndEndsThere) {
    EXPECT_EQ(select_part("bytes=90-1000", 100), part(90, 10));
    EXPECT_EQ(select_part("bytes=99-99999999999999999999999", 100), part(99, 1));
    EXPECT_EQ(select_part("bytes=99-18446744073709551615", 100), part(99, 1));
    EXPECT_EQ(select_part("bytes=-1000", 100), whole(100)) << "all of it";
}

TEST(Range, ThatBeginsBehindTheEndCannotBeHad) {
    EXPECT_EQ(select_part("bytes=100-", 100), kUnsatisfiable);
    EXPECT_EQ(select_part("bytes=100-200", 100), kUnsatisfiable);
    EXPECT_EQ(select_part("bytes=99999999999999999999999-", 100), kUnsatisfiable);
    EXPECT_EQ(select_part("bytes=-0", 100), kUnsatisfiable);
    EXPECT_EQ(select_part("bytes=0-", 0), kUnsatisfiable);
    EXPECT_EQ(select_part("bytes=-5", 0), whole(0));
}

TEST(Range, ThatMakesNoSenseIsIgnored) {
    for (const char* text :
         {"", "bytes", "bytes=", "bytes=-", "bytes=x-5", "bytes=5-x", "bytes=-x", "bytes=9-5", "bytes=5",
          "bytes=1-2,4-5", "bytes=+1-2", "bytes=1 - 2", "lines=1-2", "bytes 1-2", "bytes=1-2-3", "bytes=--5"})
        EXPECT_EQ(select_part(text, 100), whole(100)) << text;
}

TEST(Range, IfRangeNamesTheVeryState) {
    ResponseHead head;
    EXPECT_FALSE(same_state("\"a\"", head)) << "nothing to compare with";
    EXPECT_FALSE(same_state("Sat, 21 Nov 2026 08:00:00 GMT", head));
    head.add("ETag", "\"a\"");
    head.add("Last-Modified", "Sat, 21 Nov 2026 08:00:00 GMT");
    EXPECT_TRUE(same_state("\"a\"", head));
    EXPECT_FALSE(same_state("\"b\"", head));
    EXPECT_TRUE(same_state("Sat, 21 Nov 2026 08:00:00 GMT", head));
    EXPECT_FALSE(same_state("Sat, 21 Nov 2026 09:00:00 GMT", head));
    ResponseHead weak;
    weak.add("ETag", "W/\"a\"");
    EXPECT_FALSE(same_state("W/\"a\"", weak));
    EXPECT_FALSE(same_state("\"a\"", weak));
}

struct Answer : testing::Test {
    Part answer(std::string_view method, std::string_view fields, std::uint64_t size = 100) {
        RequestParser parser(request, {});
        parser.parse_head(std::string(method) + " / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n");
        EXPECT_TRUE(parser.done());
        return answer_range(request, head, size);
    }
    Request request;
    ResponseHead head;
};

TEST_F(Answer, WithAPart) {
    head.add("Content-Length", "7");
    head.add("X-After", "1");
    EXPECT_EQ(answer("GET", "Range: bytes=10-19\r\n"), part(10, 10));
    EXPECT_EQ(head.status, 206);
    EXPECT_EQ(head.reason, "Partial Content");
    EXPECT_EQ(head.content_length, 10U);
    EXPECT_EQ(
        head.fields,
        "X-After: 1\r\nAccept-Ranges: bytes\r\nContent-Range: bytes 10-19/100\r\nContent-Length: 10\r\n");
}

TEST_F(Answer, WithoutOne) {
    EXPECT_EQ(answer("GET", "Range: bytes=100-\r\n"), kUnsatisfiable);
    EXPECT_EQ(head.status, 416);
    EXPECT_EQ(head.find("content-range"), "bytes */100");
    EXPECT_EQ(head.content_length, 0U);
}

TEST_F(Answer, WithTheWholeTellsThatThereCouldBeParts) {
    EXPECT_EQ(answer("GET", ""), whole(100));
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.find("Accept-Ranges"), "bytes");
    EXPECT_EQ(head.find("Content-Length"), "100");
}

TEST_F(Answer, OnlyToGet) {
    EXPECT_EQ(answer("HEAD", "Range: bytes=0-1\r\n"), whole(100));
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.content_length, 100U);
}

TEST_F(Answer, OnlyWhenTheStateIsTheSame) {
    head.add("ETag", "\"new\"");
    EXPECT_EQ(answer("GET", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n"), whole(100));
    EXPECT_EQ(head.status, 200);
}

TEST_F(Answer, NotWhenTheApplicationHasDecidedOtherwise) {
    const auto given = [&](int status, std::string_view name, std::string_view value) {
        head.clear();
        head.status = status;
        head.add(name, value);
        return answer("GET", "Range: bytes=0-1\r\n");
    };
    EXPECT_EQ(given(206, "Content-Range", "bytes 0-99/1000"), whole(100));
    EXPECT_EQ(head.find("Content-Range"), "bytes 0-99/1000");
    EXPECT_EQ(given(404, "X", "y"), whole(100));
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(given(200, "Content-Encoding", "gzip"), whole(100));
    EXPECT_EQ(given(200, "Accept-Ranges", "none"), whole(100));
    EXPECT_EQ(head.find("Accept-Ranges"), "none");
    EXPECT_EQ(given(200, "X", "y"), part(0, 2)) << "and else it is a part";
}

}  // namespace
}  // namespace baton::http
