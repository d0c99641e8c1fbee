#include "server/http/uri.hpp"

#include <gtest/gtest.h>

namespace baton::http {
namespace {

TEST(Uri, SplitsTargets) {
    const auto origin = split_target("/a/b?c=d?e");
    ASSERT_TRUE(origin);
    EXPECT_EQ(origin->path, "/a/b");
    EXPECT_EQ(origin->query, "c=d?e");
    const auto absolute = split_target("HTTPS://h:1/x");
    ASSERT_TRUE(absolute);
    EXPECT_EQ(absolute->authority, "h:1");
    EXPECT_EQ(absolute->path, "/x");
    for (const char* bad : {"", "a/b", "http://", "http:///x", "http://user@h/", "/a#b", "ftp://h/"})
        EXPECT_FALSE(split_target(bad)) << bad;
}

TEST(Uri, DecodesOnlyValidEscapes) {
    EXPECT_EQ(percent_decode("%41%2f%zz%4"), "A/%zz%4");
    EXPECT_EQ(percent_decode("%e2%82%ac"), "\xe2\x82\xac");
}

TEST(Uri, KnowsHosts) {
    for (const char* good : {"", "a", "a.example:80", "[::1]:8000", "a_b"})
        EXPECT_TRUE(valid_host(good)) << good;
    for (const char* bad : {"a b", "a/b", "a@b", "a\tb", "a?b", "a#b"}) EXPECT_FALSE(valid_host(bad)) << bad;
}

}  // namespace
}  // namespace baton::http
