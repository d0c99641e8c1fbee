#include "server/admin/origin.hpp"

#include <gtest/gtest.h>

namespace baton::admin {
namespace {

TEST(OriginTest, LocalNames) {
    for (const char* host :
         {"", "localhost", "LocalHost:9180", "localhost.", "baton.localhost:80", "127.0.0.1",
          "127.0.0.1:9180", "192.168.1.7:1", "[::1]", "[::1]:9180", "[fe80::1]:", "localhost:"})
        EXPECT_TRUE(is_local_host(host)) << host;
}

TEST(OriginTest, NamesThatMayBeAnybodys) {
    for (const char* host :
         {"evil.example", "evil.example:9180", "localhost.evil.example", "notlocalhost",
          "127.0.0.1.evil.example", "evil.example:localhost", "::1", "[::1", "[::1]x", "[localhost]",
          "[127.0.0.1]", ":9180", "localhost:x", "evil.example@localhost", "baton"})
        EXPECT_FALSE(is_local_host(host)) << host;
}

TEST(OriginTest, Sites) {
    EXPECT_TRUE(is_cross_site("cross-site"));
    EXPECT_TRUE(is_cross_site("Cross-Site"));
    for (const char* site : {"", "same-origin", "same-site", "none"})
        EXPECT_FALSE(is_cross_site(site)) << site;
}

}  // namespace
}  // namespace baton::admin
