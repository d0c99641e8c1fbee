#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "loadgen/result/collector.hpp"
#include "loadgen/result/interval_json.hpp"
#include "tests/unit/load_result/make.hpp"

namespace loadgen::result {
namespace {

using namespace std::chrono_literals;

stats::Cells random_cells(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    stats::Histogram out;
    for (int i = 0; i < 2000; ++i)
        out.record(Nanoseconds(static_cast<Nanoseconds::rep>(random() >> (22 + i % 20))));
    return out.cells();
}

Interval busy() {
    Interval out = interval_of(17, 3, {tally_of(10, 3ms, 2ms), Tally{}});
    Tally& tally = out.endpoints[1];
    tally.due = 1;
    tally.sent = 2;
    tally.again = 4;
    tally.answered = 3;
    for (std::size_t i = 1; i < kFailures; ++i) tally.failures[i] = i;
    tally.statuses = {{101, 1}, {200, 7}, {999, 1}};
    tally.bytes_in = 1ULL << 40;
    tally.bytes_out = 12345;
    tally.response = random_cells(1);
    tally.service = random_cells(2);
    tally.first_byte = random_cells(3);
    tally.failed = random_cells(4);
    out.in_flight = 5;
    out.opened = 6;
    out.late = random_cells(5);
    out.blocked = random_cells(6);
    out.connect = random_cells(7);
    out.missed = 8;
    out.cpu = 0.123456789;
    out.waited = 0.25;
    out.stalled = 0.5;
    out.texts = {{Failure::refused, "Connection refused"}, {Failure::local, "Too \"many\""}};
    return out;
}

void expect_same(const stats::Cells& left, const stats::Cells& right) {
    EXPECT_EQ(left.counts, right.counts);
    EXPECT_EQ(left.least, right.least);
    EXPECT_EQ(left.most, right.most);
    EXPECT_EQ(left.sum, right.sum);
    EXPECT_EQ(left.total, right.total);
}

std::string why_not(const std::string& line) {
    const auto read = read_interval(line);
    return std::holds_alternative<Unreadable>(read) ? std::get<Unreadable>(read).why : "";
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), instead);
}

TEST(IntervalJson, ThereAndBack) {
    const Interval sent = busy();
    const std::string line = json_of(sent);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = read_interval(line);
    ASSERT_TRUE(std::holds_alternative<Interval>(read)) << std::get<Unreadable>(read).why;
    const auto& got = std::get<Interval>(read);
    EXPECT_EQ(got.second, 17U);
    EXPECT_EQ(got.worker, 3U);
    EXPECT_EQ(got.in_flight, 5U);
    EXPECT_EQ(got.opened, 6U);
    EXPECT_NEAR(got.cpu, sent.cpu, 1e-12);
    expect_same(got.late, sent.late);
    expect_same(got.blocked, sent.blocked);
    expect_same(got.connect, sent.connect);
    EXPECT_EQ(got.missed, 8U);
    EXPECT_DOUBLE_EQ(got.waited, 0.25);
    EXPECT_DOUBLE_EQ(got.stalled, 0.5);
    EXPECT_EQ(got.texts, sent.texts);
    ASSERT_EQ(got.endpoints.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(got.endpoints[i].due, sent.endpoints[i].due);
        EXPECT_EQ(got.endpoints[i].sent, sent.endpoints[i].sent);
        EXPECT_EQ(got.endpoints[i].again, sent.endpoints[i].again);
        EXPECT_EQ(got.endpoints[i].answered, sent.endpoints[i].answered);
        EXPECT_EQ(got.endpoints[i].failures, sent.endpoints[i].failures);
        EXPECT_EQ(got.endpoints[i].statuses, sent.endpoints[i].statuses);
        EXPECT_EQ(got.endpoints[i].bytes_in, sent.endpoints[i].bytes_in);
        EXPECT_EQ(got.endpoints[i].bytes_out, sent.endpoints[i].bytes_out);
        expect_same(got.endpoints[i].response, sent.endpoints[i].response);
        expect_same(got.endpoints[i].service, sent.endpoints[i].service);
        expect_same(got.endpoints[i].first_byte, sent.endpoints[i].first_byte);
        expect_same(got.endpoints[i].failed, sent.endpoints[i].failed);
    }
    EXPECT_EQ(json_of(got), line);
}

TEST(IntervalJson, NothingIsAnIntervalToo) {
    const auto read = read_interval(json_of(Interval()));
    ASSERT_TRUE(std::holds_alternative<Interval>(read));
    EXPECT_TRUE(std::get<Interval>(read).endpoints.empty());
}

TEST(IntervalJson, AnyProcessorTimeIsRead) {
    Interval interval;
    for (const double cpu : {0.0, 1.0, 1e-9, 0.1, 86400.0}) {
        interval.cpu = cpu;
        EXPECT_EQ(why_not(json_of(interval)), "") << cpu;
    }
    EXPECT_EQ(why_not(with(json_of(Interval()), R"("cpu":0E0)", R"("cpu":0)")), "");
}

TEST(IntervalJson, WhatIsNotJsonIsRefused) {
    for (const char* line : {"", " ", "{", "null", "[]", "1", "\"interval\"", "{}", "{\"second\":0}",
                             "\xFF\xFE", "{\"second\":0}{\"second\":0}"})
        EXPECT_NE(why_not(line), "") << line;
    EXPECT_NE(why_not(json_of(busy()) + "x"), "");
    EXPECT_NE(why_not(std::string(100000, '[')), "");
    EXPECT_NE(why_not(std::string(kLongestLine + 1, ' ')), "");
    const std::string line = json_of(interval_of(0, 0, {tally_of(3, 1ms, 1ms)}));
    for (std::size_t length = 0; length < line.size(); ++length)
        ASSERT_NE(why_not(line.substr(0, length)), "") << length;
}

TEST(IntervalJson, EveryNameHasToBeThereAndNoOther) {
    const std::string line = json_of(interval_of(0, 0, {tally_of(3, 1ms, 1ms)}));
    ASSERT_EQ(why_not(line), "");
    for (const char* name :
         {"second",   "worker",   "in_flight", "opened",   "cpu",       "late",     "blocked", "endpoints",
          "missed",   "waited",   "stalled",   "connect",  "texts",     "again",    "due",     "sent",
          "answered", "failures", "statuses",  "bytes_in", "bytes_out", "response", "service", "first_byte",
          "failed",   "counts",   "least",     "most",     "sum",       "total"}) {
        const std::string quoted = '"' + std::string(name) + "\":";
        EXPECT_NE(why_not(with(line, quoted, "\"other\":")), "") << name;
        EXPECT_NE(why_not(with(line, quoted, "\"other\":0," + quoted)), "") << name;
    }
}

TEST(IntervalJson, NumbersAreWholeAndWithinReason) {
    const std::string line = json_of(interval_of(7, 0, {tally_of(3, 1ms, 1ms)}));
    for (const char* number : {"-1", "1.5", "1e3", "\"7\"", "null", "true", "4294967296",
                               "18446744073709551615", "99999999999999999999", "[7]", "{}"})
        EXPECT_NE(why_not(with(line, R"("second":7)", std::string(R"("second":)") + number)), "") << number;
    for (const char* number :
         {"-1", "0.5", "281474976710657", "9223372036854775807", "-9223372036854775808"}) {
        EXPECT_NE(why_not(with(line, R"("due":3)", std::string(R"("due":)") + number)), "") << number;
        EXPECT_NE(why_not(with(line, R"("total":3)", std::string(R"("total":)") + number)), "") << number;
        EXPECT_NE(why_not(with(line, R"("in_flight":0)", std::string(R"("in_flight":)") + number)), "")
            << number;
    }
    for (const char* number : {"-0.1", "1e9", "1e999", "\"0\"", "null", "NaN", "[]"})
        EXPECT_NE(why_not(with(line, R"("cpu":0E0)", std::string(R"("cpu":)") + number)), "") << number;
}

TEST(IntervalJson, CellsAreThoseOfAHistogram) {
    const std::string line = json_of(interval_of(0, 0, {tally_of(3, 1ms, 1ms)}));
    const auto cell = std::to_string(stats::Histogram::cell_of(1ms));
    const std::string good = "[[" + cell + ",3]]";
    ASSERT_NE(line.find(good), std::string::npos) << line;
    const auto cells = [&](const std::string& text) { return with(text, "N", cell); };
    for (const std::string& bad : std::vector<std::string>{
             "[]", "null", "{}", cells("[N,3]"), cells("[[N]]"), cells("[[N,3,1]]"), cells("[[N,2]]"),
             cells("[[N,-3]]"), cells("[[N,0]]"), "[[-1,3]]", "[[27648,3]]", "[[4294967296,3]]",
             cells(cells("[[N,1],[N,2]]")), cells("[[N,2],[0,1]]"), cells("[[\"N\",3]]")})
        EXPECT_NE(why_not(with(line, good, bad)), "") << bad;
    EXPECT_NE(why_not(with(line, R"("least":1000000)", R"("least":0)")), "");
    EXPECT_NE(why_not(with(line, R"("most":1000000)", R"("most":3600000000001)")), "");
    EXPECT_NE(why_not(with(line, R"("sum":3000000)", R"("sum":4000000)")), "");
    EXPECT_NE(
        why_not(with(line, R"("late":null)", R"("late":{"counts":[],"least":0,"most":0,"sum":0,"total":0})")),
        "");
    std::string many = "[";
    for (int i = 0; i < 30000; ++i) many += "[0,1],";
    many.back() = ']';
    EXPECT_NE(why_not(with(line, good, many)), "");
}

TEST(IntervalJson, FailuresAndStatusesAreThoseThereAre) {
    Interval interval = interval_of(0, 0, {tally_of(3, 1ms, 1ms)});
    count_of(interval.endpoints[0], Failure::reset) = 4;
    const std::string line = json_of(interval);
    for (const char* bad : {R"({"none":4})", R"({"Reset":4})", R"({"":4})", R"({"reset":-4})",
                            R"({"reset":"4"})", "[4]", "null", R"({"reset":[4]})"})
        EXPECT_NE(why_not(with(line, R"({"reset":4})", bad)), "") << bad;
    for (const char* bad :
         {"[[1000,3]]", "[[-200,3]]", "[[200]]", "[200,3]", "[[200,1],[200,2]]", "{}", "null"})
        EXPECT_NE(why_not(with(line, "[[200,3]]", bad)), "") << bad;
}

TEST(IntervalJson, TextsAreOfFailuresAndShort) {
    Interval interval = interval_of(0, 0, {tally_of(3, 1ms, 1ms)});
    interval.texts = {{Failure::reset, "why"}};
    const std::string line = json_of(interval);
    for (const std::string& bad :
         {std::string(R"({"none":"why"})"), std::string(R"({"x":"why"})"), std::string(R"({"reset":1})"),
          std::string("[]"), std::string("null"), R"({"reset":")" + std::string(1001, 'x') + "\"}"})
        EXPECT_NE(why_not(with(line, R"({"reset":"why"})", bad)), "") << bad;
}

TEST(IntervalJson, ThereAreSoManyEndpointsAndNoMore) {
    Interval interval;
    interval.endpoints.resize(kMostEndpoints);
    EXPECT_EQ(why_not(json_of(interval)), "");
    interval.endpoints.emplace_back();
    EXPECT_NE(why_not(json_of(interval)), "");
}

// Whatever is done to a line, what is read of it is something that the collector can take or refuse.
TEST(IntervalJson, LinesWithChangedBytesAreReadOrRefused) {
    const plan::Plan plan = plan_of({"/"});
    Collector collector(plan);
    Interval interval = interval_of(2, 0, {tally_of(3, 1ms, 1ms)});
    const std::string line = json_of(interval);
    std::mt19937_64 random(1);
    constexpr std::string_view kBytes = "0123456789-.eE{}[],:\"nul \x01\xFF";
    int read_well = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string changed = line;
        for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes)
            changed[random() % changed.size()] = kBytes[random() % kBytes.size()];
        const auto read = read_interval(changed);
        if (!std::holds_alternative<Interval>(read)) continue;
        ++read_well;
        collector.add(std::get<Interval>(read));
    }
    EXPECT_GT(read_well, 0);
    EXPECT_EQ(collector.result("", 3, 0).all.response.count() % 3, 0U);
}

}  // namespace
}  // namespace loadgen::result
