#include "server/config/values.hpp"

#include <gtest/gtest.h>

namespace baton::config {
namespace {

using std::chrono::milliseconds;

template <class T>
std::string error(const Parsed<T>& parsed) {
    return parsed ? "(accepted)" : parsed.error();
}

TEST(WholeNumber, WithinItsBounds) {
    EXPECT_EQ(*whole_number("1", 1, 4096), 1U);
    EXPECT_EQ(*whole_number("4096", 1, 4096), 4096U);
    for (const char* text :
         {"", "0", "4097", "abc", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "99999999999999999999999"}) {
        EXPECT_FALSE(whole_number(text, 1, 4096)) << text;
    }
    EXPECT_EQ(error(whole_number("abc", 1, 4096)), "must be a whole number from 1 to 4096, not \"abc\"");
}

TEST(Size, TakesPowersOf1024) {
    EXPECT_EQ(*size("4096", 1, 1ULL << 40), 4096U);
    EXPECT_EQ(*size("64k", 1, 1ULL << 40), 65536U);
    EXPECT_EQ(*size("64K", 1, 1ULL << 40), 65536U);
    EXPECT_EQ(*size("64KiB", 1, 1ULL << 40), 65536U);
    EXPECT_EQ(*size("1M", 1, 1ULL << 40), 1U << 20);
    EXPECT_EQ(*size("3MiB", 1, 1ULL << 40), 3U << 20);
    EXPECT_EQ(*size("1GiB", 1, 1ULL << 40), 1U << 30);
    EXPECT_EQ(*size("2g", 1, 1ULL << 40), 2ULL << 30);
}

TEST(Size, RefusesTheAmbiguousTheWrongAndTheHuge) {
    for (const char* text :
         {"", "k", "1MB", "1kB", "1.5M", "-1k", "1 k", "1T", "18446744073709551615G", "0"}) {
        EXPECT_FALSE(size(text, 1, 1ULL << 40)) << text;
    }
    EXPECT_EQ(error(size("1MB", 1024, 16 << 20)),
              "must be a size from 1k to 16M (such as 4096, 64k, 1M or 1GiB), not \"1MB\"");
}

TEST(Duration, Units) {
    EXPECT_EQ(*duration("250ms"), milliseconds(250));
    EXPECT_EQ(*duration("10s"), milliseconds(10'000));
    EXPECT_EQ(*duration("2m"), milliseconds(120'000));
    EXPECT_EQ(*duration("1h"), milliseconds(3'600'000));
    EXPECT_EQ(*duration("5"), milliseconds(5'000));
    EXPECT_EQ(*duration("0.25"), milliseconds(250));
    EXPECT_EQ(*duration("1.5s"), milliseconds(1'500));
}

TEST(Duration, OffAndZeroAreNoLimit) {
    for (const char* text : {"off", "0", "0s", "0ms"}) EXPECT_EQ(*duration(text), milliseconds(0)) << text;
}

TEST(Duration, WhatIsTooShortDoesNotBecomeNoLimit) {
    EXPECT_FALSE(duration("0.0001"));
    EXPECT_FALSE(duration("0.1ms"));
}

TEST(Duration, RefusesTheRest) {
    for (const char* text :
         {"", "abc", "-1", "10 s", "10sec", "1d", "inf", "nan", "1e3", "s", "9000h", ".5", "OFF"}) {
        EXPECT_FALSE(duration(text)) << text;
    }
    EXPECT_EQ(
        error(duration("10sec")),
        "must be a duration such as 250ms, 10s, 2m or 1h (a plain number is seconds; off: no limit), not "
        "\"10sec\"");
}

TEST(SwitchInterval, SecondsOrMilliseconds) {
    EXPECT_DOUBLE_EQ(*switch_interval("0.005"), 0.005);
    EXPECT_DOUBLE_EQ(*switch_interval("5ms"), 0.005);
    EXPECT_DOUBLE_EQ(*switch_interval("1s"), 1);
    for (const char* text : {"", "0", "0.0000001", "101", "-1", "1m", "off", "nan"}) {
        EXPECT_FALSE(switch_interval(text)) << text;
    }
    EXPECT_EQ(error(switch_interval("0")),
              "must be seconds from 0.000001 to 100 (such as 0.005 or 5ms), not \"0\"");
}

TEST(Truth, Words) {
    for (const char* text : {"true", "yes", "on", "1", "True", "ON"}) EXPECT_TRUE(*truth(text)) << text;
    for (const char* text : {"false", "no", "off", "0", "False"}) EXPECT_FALSE(*truth(text)) << text;
    EXPECT_EQ(error(truth("maybe")), "must be true or false, not \"maybe\"");
}

TEST(InQuotes, StaysOnOneShortLine) {
    EXPECT_EQ(in_quotes("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(in_quotes("a\nb\x1b"), R"("a\x0ab\x1b")");
    EXPECT_LT(in_quotes(std::string(10'000, 'x')).size(), 250U);
}

TEST(SizeText, UsesTheLongestUnitThatDivides) {
    EXPECT_EQ(size_text(0), "0");
    EXPECT_EQ(size_text(1000), "1000");
    EXPECT_EQ(size_text(65536), "64k");
    EXPECT_EQ(size_text(1 << 20), "1M");
    EXPECT_EQ(size_text(1ULL << 40), "1024G");
}

}  // namespace
}  // namespace baton::config
