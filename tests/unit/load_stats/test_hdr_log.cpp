#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loadgen/stats/hdr_log.hpp"

namespace loadgen::stats {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

Cells cells_of(std::initializer_list<Nanoseconds> values) {
    Histogram histogram;
    for (const Nanoseconds value : values) histogram.record(value);
    return histogram.cells();
}

TEST(HdrLog, HasAHeadAndALineForEachInterval) {
    const Cells cells = cells_of({1ms, 2500us});
    const std::vector<HdrLine> lines = {{"response", 0, 1, &cells}, {"", 1.5, 0.25, &cells}};
    std::ostringstream out;
    write_hdr_log(out, 1700000000.25, lines);
    const auto text = lines_of(out.str());
    ASSERT_EQ(text.size(), 7U);
    EXPECT_EQ(text[1], "#[Histogram log format version 1.3]");
    EXPECT_EQ(text[2], "#[BaseTime: 1700000000.250 (seconds since epoch)]");
    EXPECT_EQ(text[3], "#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]");
    EXPECT_EQ(text[4],
              "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
    EXPECT_EQ(text[5], "Tag=response,0.000,1.000,2.500," + hdr_payload(cells));
    EXPECT_EQ(text[6], "1.500,0.250,2.500," + hdr_payload(cells));
}

TEST(HdrLog, ThePayloadHasTheCookieThatReadersLookFor) {
    // The first three bytes, 0x1c8493, are four letters; every log of the V2 encoding has them.
    EXPECT_EQ(hdr_payload(cells_of({1ms})).substr(0, 5), "HISTF");
    EXPECT_EQ(hdr_payload(Cells{}).substr(0, 5), "HISTF");
    EXPECT_EQ(hdr_payload(cells_of({1ms})).size() % 4, 0U);
}

TEST(HdrLog, ATagCannotEndItsField) {
    const Cells cells = cells_of({1ms});
    const std::vector<HdrLine> lines = {{"/a b,c\nTag=d\r\t\x7F", 0, 1, &cells}};
    std::ostringstream out;
    write_hdr_log(out, 0, lines);
    const auto text = lines_of(out.str());
    ASSERT_EQ(text.size(), 6U);
    EXPECT_EQ(text[5].substr(0, 24), "Tag=/a_b_c_Tag=d___,0.00");
}

// For tests/integration/test_load_hlog.py, which has other readers look at it. The numbers are known there
// too.
TEST(HdrLog, FileForOtherReaders) {
    const char* path = std::getenv("BATON_HDR_LOG");
    if (path == nullptr) GTEST_SKIP() << "BATON_HDR_LOG names no file";
    Histogram ramp;  // 1 us, 2 us, ... 100 ms
    for (int i = 1; i <= 100000; ++i) ramp.record(i * 1us);
    Histogram edges;
    for (const Nanoseconds value : {0ns, 63ns, 64ns, 192ns, 131071ns, 131072ns}) edges.record(value);
    edges.record(1h);
    Cells heavy = cells_of({5ms});  // counts of one, two, five and seven bytes
    for (const auto& [value, count] : std::initializer_list<std::pair<Nanoseconds, std::uint64_t>>{
             {6ms, 200}, {7ms, std::uint64_t{1} << 32}, {8ms, std::uint64_t{1} << 47}}) {
        Cells more = cells_of({value});
        more.counts[0].second = more.total = count;
        heavy.add(more);
    }
    const Cells cells[] = {ramp.cells(), edges.cells(), heavy, Cells{}};
    const std::vector<HdrLine> lines = {{"ramp", 0, 1, &cells[0]},    {"ramp", 1, 1, &cells[0]},
                                        {"edges", 0, 1, &cells[1]},   {"heavy", 0, 1, &cells[2]},
                                        {"nothing", 0, 1, &cells[3]}, {"/a b,c", 1, 0.5, &cells[0]}};
    std::ofstream out(path);
    write_hdr_log(out, 1700000000.25, lines);
    out.close();
    ASSERT_TRUE(out.good());
}

}  // namespace
}  // namespace loadgen::stats
