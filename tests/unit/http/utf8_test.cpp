#include "server/http/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace baton::http {
namespace {

TEST(Utf8Test, Characters) {
    EXPECT_EQ(utf8_length("a"), 1U);
    EXPECT_EQ(utf8_length("\xD0\xB4z"), 2U);
    EXPECT_EQ(utf8_length("\xE2\x82\xAC"), 3U);
    EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80"), 4U);
}

TEST(Utf8Test, WhatIsNone) {
    for (const char* bytes :
         {"\x80", "\xFF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xD0", "\xE2\x82", "\xF0\x9F\x98", "\xD0z", "\xE2\x82z"})
        EXPECT_EQ(utf8_length(bytes), 0U) << std::hex << static_cast<unsigned>(bytes[0]);
}

TEST(Utf8Test, BrokenBytesAreReplacedAndTheRestIsLeft) {
    EXPECT_EQ(utf8(""), "");
    EXPECT_EQ(utf8("plain \xD0\xB4"), "plain \xD0\xB4");
    EXPECT_EQ(utf8("\xFF/\xD0\xB4\xD0"), "\xEF\xBF\xBD/\xD0\xB4\xEF\xBF\xBD");
    EXPECT_EQ(utf8_prefix("ab\xFF"), 2U);
    EXPECT_EQ(utf8_prefix("ab"), 2U);
}

}  // namespace
}  // namespace baton::http
