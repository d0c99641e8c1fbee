#include "server/routing/collapse.hpp"

#include <gtest/gtest.h>

#include <string>

namespace baton::routing {
namespace {

std::string collapsed(std::string_view path) {
    std::string out = "what was there before";
    collapse(path, out);
    return out;
}

TEST(Collapse, NumbersUuidsHashesAndTokensAreIdentifiers) {
    for (const char* segment : {
             "0", "42", "-7", "12345678901234567890", "2024-05-01",                     // numbers, dates
             "123e4567-e89b-12d3-a456-426614174000",                                    // UUID
             "123E4567-E89B-12D3-A456-426614174000",                                    // in capitals
             "5f2b1c9e7a3d4e6f", "d41d8cd98f00b204e9800998ecf8427e",                    // hex
             "507f191e810c19729de860ea",                                                // ObjectId
             "01ARZ3NDEKTSV4RRFFQ69G5FAV",                                              // ULID
             "V1StGXR8_Z5jdHi6B-myT", "dQw4w9WgXcQdQw4w9WgXcQ", "cus_9s6XKzkNRiz8i3xx"  // opaque tokens
         }) {
        EXPECT_TRUE(is_identifier(segment)) << segment;
    }
}

TEST(Collapse, WordsAreNot) {
    for (const char* segment :
         {"", "users", "v1", "api2", "-", "---", "oauth2-callback", "my-first-post-in-the-year-2024",
          "summary-report-v2", "mp3-to-mp4-converter", "setup-config.php", "app.3f2a9c81d0e4b7aa.js",
          "internationalization", "deadbeef", "facade", "a1b2c3", "beefbeefbeefbeef",
          "_private_long_name_here"}) {
        EXPECT_FALSE(is_identifier(segment)) << segment;
    }
}

TEST(Collapse, OnlyTheIdentifiersOfAPathChange) {
    EXPECT_EQ(collapsed("/users/42/posts/7"), "/users/{id}/posts/{id}");
    EXPECT_EQ(collapsed("/users/"), "/users/");
    EXPECT_EQ(collapsed("/"), "/");
    EXPECT_EQ(collapsed("//7//"), "//{id}//");
    EXPECT_EQ(collapsed("*"), "*");
    EXPECT_EQ(collapsed(""), "");
}

TEST(Collapse, LabelsAreShortValidTextWithoutControls) {
    EXPECT_TRUE(is_label("/users/{id}"));
    EXPECT_TRUE(is_label("/\xC3\xBC"));
    EXPECT_TRUE(is_label("/\xF0\x9F\x90\x8D"));
    EXPECT_TRUE(is_label(std::string(128, 'a')));
    EXPECT_FALSE(is_label(std::string(129, 'a')));
    for (const char* text :
         {"", "/\n", "/\x7F", "/\xFF", "/\xC0\xAF", "/\xED\xA0\x80", "/\xE2\x82", "/\xF4\x90\x80\x80"}) {
        EXPECT_FALSE(is_label(text));
    }
    EXPECT_FALSE(is_label(std::string_view("/\0", 2)));
}

}  // namespace
}  // namespace baton::routing
