#include "loadgen/plan/quantity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loadgen::plan {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(Quantity, Durations) {
    EXPECT_EQ(*parse_duration("10"), seconds(10));
    EXPECT_EQ(*parse_duration("10s"), seconds(10));
    EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
    EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(*parse_duration("250us"), microseconds(250));
    EXPECT_EQ(*parse_duration("250\u00b5s"), microseconds(250));
    EXPECT_EQ(*parse_duration("250\u03bcs"), microseconds(250));
    EXPECT_EQ(*parse_duration("40ns"), Nanoseconds(40));
    EXPECT_EQ(*parse_duration("2m"), minutes(2));
    EXPECT_EQ(*parse_duration("1h"), hours(1));
}

TEST(Quantity, DurationsThatAreNone) {
    for (const char* text :
         {"", "s", "-1s", "+1s", "1 s", "10 sec", "inf", "nan", "0x10", "1e3", "1,5s", "5d"})
        EXPECT_THAT(parse_duration(text).why(), HasSubstr("must be a duration such as")) << text;
    EXPECT_EQ(parse_duration("1ms", seconds(1), minutes(2)).why(), "must be from 1s to 2m, not \"1ms\"");
    EXPECT_FALSE(parse_duration("121s", seconds(1), minutes(2)));
    EXPECT_TRUE(parse_duration("120s", seconds(1), minutes(2)));
    EXPECT_FALSE(parse_duration("0"));
    EXPECT_FALSE(parse_duration("0.1ns"));
    EXPECT_FALSE(parse_duration("99999999999999999999h"));
    EXPECT_EQ(*parse_duration("0", Nanoseconds(0)), Nanoseconds(0));
}

TEST(Quantity, Sizes) {
    EXPECT_EQ(*parse_size("4096", 0, 1 << 30), 4096U);
    EXPECT_EQ(*parse_size("64k", 0, 1 << 30), 65536U);
    EXPECT_EQ(*parse_size("1M", 0, 1 << 30), 1U << 20);
    EXPECT_EQ(*parse_size("10MiB", 0, 1 << 30), 10U << 20);
    EXPECT_EQ(*parse_size("0.5k", 0, 1 << 30), 512U);
    for (const char* text : {"", "k", "-1", "1.1", "1MB", "1 k", "nan", "1T"})
        EXPECT_THAT(parse_size(text, 0, 1 << 30).why(), HasSubstr("must be a size such as")) << text;
    EXPECT_EQ(parse_size("2k", 1, 1024).why(), "must be from 1 to 1k, not \"2k\"");
    EXPECT_FALSE(parse_size("99999999999999999999999G", 0, ~0ULL >> 1));
}

TEST(Quantity, Rates) {
    EXPECT_EQ(*parse_rate("500"), 500);
    EXPECT_EQ(*parse_rate("500/s"), 500);
    EXPECT_EQ(*parse_rate("2k"), 2000);
    EXPECT_EQ(*parse_rate("1.5k/s"), 1500);
    EXPECT_EQ(*parse_rate("0.5"), 0.5);
    for (const char* text : {"", "/s", "-5", "5/m", "5 /s", "inf", "5%"})
        EXPECT_THAT(parse_rate(text).why(), HasSubstr("must be requests per second such as")) << text;
    EXPECT_EQ(parse_rate("0").why(), "must be from 0.001/s to 10000000/s, not \"0\"");
    EXPECT_FALSE(parse_rate("11M"));
}

TEST(Quantity, DurationsArePrintedWithThreeDigits) {
    EXPECT_EQ(format_duration(Nanoseconds(0)), "0s");
    EXPECT_EQ(format_duration(Nanoseconds(512)), "0.512\u00b5s");
    EXPECT_EQ(format_duration(microseconds(512)), "512\u00b5s");
    EXPECT_EQ(format_duration(Nanoseconds(1'234'567)), "1.23ms");
    EXPECT_EQ(format_duration(Nanoseconds(12'345'678)), "12.3ms");
    EXPECT_EQ(format_duration(seconds(10)), "10.0s");
    EXPECT_EQ(format_duration(seconds(1234)), "1234s");
    EXPECT_EQ(format_duration(Nanoseconds(-1'234'567)), "-1.23ms");
    // Rounding does not make "1000µs" or "10.00ms" of it.
    EXPECT_EQ(format_duration(Nanoseconds(999'600)), "1.00ms");
    EXPECT_EQ(format_duration(Nanoseconds(9'996'000)), "10.0ms");
    EXPECT_EQ(format_duration(Nanoseconds(99'960'000)), "100ms");
    EXPECT_EQ(format_duration(Nanoseconds(999'600'000)), "1.00s");
}

TEST(Quantity, RatesAndBytesArePrinted) {
    EXPECT_EQ(format_rate(0.5), "0.5/s");
    EXPECT_EQ(format_rate(998.71), "998.7/s");
    EXPECT_EQ(format_rate(999.97), "1000/s");
    EXPECT_EQ(format_rate(12345.6), "12346/s");
    EXPECT_EQ(format_bytes(512), "512 B");
    EXPECT_EQ(format_bytes(1023.6), "1.00 KiB");
    EXPECT_EQ(format_bytes(64.0 * 1024 * 1024), "64.0 MiB");
}

TEST(Quantity, ExactTextsCanBeReadAgain) {
    for (const Nanoseconds span :
         {Nanoseconds(hours(2)), Nanoseconds(minutes(90)), Nanoseconds(milliseconds(1500)),
          Nanoseconds(microseconds(7)), Nanoseconds(123)})
        EXPECT_EQ(*parse_duration(duration_text(span)), span) << duration_text(span);
    EXPECT_EQ(duration_text(milliseconds(1500)), "1500ms");
    EXPECT_EQ(duration_text(seconds(0)), "0s");
    EXPECT_EQ(size_text(65536), "64k");
    EXPECT_EQ(size_text(1000), "1000");
}

}  // namespace
}  // namespace loadgen::plan
