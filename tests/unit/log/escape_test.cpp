#include "server/log/escape.hpp"

#include <gtest/gtest.h>

namespace baton::log {
namespace {

std::string json(std::string_view text) {
    fmt::memory_buffer out;
    append_json(out, text);
    return fmt::to_string(out);
}

TEST(Escaped, LeavesPrintableAsciiAlone) {
    std::string printable;
    for (char c = ' '; c <= '~'; ++c) {
        if (c != '"' && c != '\\') printable += c;
    }
    EXPECT_EQ(escaped(printable), printable);
}

TEST(Escaped, QuotesAndBackslashes) {
    EXPECT_EQ(escaped(R"(a"b\c)"), R"(a\"b\\c)");
}

TEST(Escaped, NothingThatEndsALineOrDrivesATerminalGetsThrough) {
    EXPECT_EQ(escaped("a\r\nb\t\x1b[31m\x7f"), "a\\x0D\\x0Ab\\x09\\x1B[31m\\x7F");
    EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(escaped("\xc3\xa9\x9b"), "\\xC3\\xA9\\x9B");
}

TEST(Escaped, EveryByteComesOutPrintable) {
    for (int byte = 0; byte < 256; ++byte) {
        for (const char c : escaped(std::string(1, static_cast<char>(byte)))) {
            EXPECT_TRUE(c >= ' ' && c <= '~') << byte;
        }
    }
}

TEST(Json, EscapesWhatRfc8259Requires) {
    EXPECT_EQ(json("a\"b\\c\n\r\t"), R"(a\"b\\c\n\r\t)");
    EXPECT_EQ(json(std::string_view("\0\x1b\x7f", 3)), R"(\u0000\u001b\u007f)");
}

TEST(Json, KeepsWellFormedUtf8) {
    const std::string text = "é € 😀 \xed\x9f\xbf \xf4\x8f\xbf\xbf";
    EXPECT_EQ(json(text), text);
}

TEST(Json, ControlCharactersAboveAsciiAreEscaped) {
    EXPECT_EQ(json("\xc2\x9b"), "\\u009b");
}

TEST(Json, BrokenUtf8BecomesReplacementCharacters) {
    const std::string r = "\xEF\xBF\xBD";
    EXPECT_EQ(json("a\xff"), "a" + r);
    EXPECT_EQ(json("\x80z"), r + "z");
    EXPECT_EQ(json("\xc0\xaf"), r + r);                  // overlong
    EXPECT_EQ(json("\xe0\x80\x80"), r + r + r);          // overlong
    EXPECT_EQ(json("\xed\xa0\x80"), r + r + r);          // surrogate
    EXPECT_EQ(json("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
    EXPECT_EQ(json("\xe2\x82"), r + r);                  // cut off
    EXPECT_EQ(json("\xe2\x82\"x"), r + r + "\\\"x");     // a quote cannot hide in a broken character
}

}  // namespace
}  // namespace baton::log
