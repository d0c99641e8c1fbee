#include "server/log/access_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::log {
namespace {

using testing::HasSubstr;
using testing::Not;

// 2026-01-31T12:34:56.789Z
const WallTime kTime = WallTime(std::chrono::milliseconds(1'769'862'896'789));

AccessEntry entry() {
    AccessEntry e;
    e.remote = "192.0.2.7";
    e.method = "GET";
    e.target = "/users/7?x=1";
    e.id = "abc-1";
    e.route = "/users/{id}";
    e.referer = "https://example.org/";
    e.user_agent = "curl/8";
    e.status = 200;
    e.bytes = 1234;
    e.duration = 12'345'678;
    e.phases = AccessPhases{1'000'000, 2'000'000, 3'000'000, 4'000'000, 4'500'000, 5'000'000, 6'500'000};
    return e;
}

AccessEntry hostile() {
    AccessEntry e = entry();
    e.remote = "1\n2";
    e.method = "G\nET";
    e.target = "/\" 200 1\r\nforged";
    e.id = "i\nd";
    e.route = "/\n";
    e.referer = "\"\n";
    e.user_agent = "a\"\x1b[2J\n127.0.0.1 - -";
    return e;
}

std::string common(const AccessEntry& e) {
    fmt::memory_buffer out;
    append_common(out, e, kTime);
    return fmt::to_string(out);
}

std::string json(const AccessEntry& e) {
    fmt::memory_buffer out;
    append_json_object(out, e, kTime);
    return fmt::to_string(out);
}

std::string formatted(std::string_view format, const AccessEntry& e) {
    const auto pieces = config::access_format(format);
    if (!pieces) return "error: " + pieces.error();
    fmt::memory_buffer out;
    append_format(out, *pieces, e, kTime);
    return fmt::to_string(out);
}

TEST(CommonLine, IsApachesCombinedFormatWithIdAndDuration) {
    EXPECT_EQ(common(entry()),
              "192.0.2.7 - - [31/Jan/2026:12:34:56 +0000] \"GET /users/7?x=1 HTTP/1.1\" 200 1234 "
              "\"https://example.org/\" \"curl/8\" abc-1 12.346");
}

TEST(CommonLine, WhatIsNotKnownIsADash) {
    AccessEntry e;
    e.version = 0;
    e.status = 400;
    EXPECT_EQ(common(e), "- - - [31/Jan/2026:12:34:56 +0000] \"- - -\" 400 0 \"-\" \"-\" - 0.000");
}

TEST(CommonLine, CannotBeForged) {
    const std::string line = common(hostile());
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_THAT(line, HasSubstr("/\\\" 200 1\\x0D\\x0Aforged HTTP/1.1\" 200"));
}

TEST(JsonLine, HoldsEverything) {
    EXPECT_EQ(
        json(entry()),
        R"({"time":"2026-01-31T12:34:56.789Z","id":"abc-1","remote":"192.0.2.7","method":"GET",)"
        R"("target":"/users/7?x=1","protocol":"HTTP/1.1","route":"/users/{id}","status":200,"bytes":1234,)"
        R"("duration_ms":12.346,"queue_ms":1.000,"gil_wait_ms":2.000,"gil_hold_ms":3.000,"lock_wait_ms":4.000,)"
        R"("ready_ms":4.500,"off_gil_ms":5.000,"send_ms":6.500,"referer":"https://example.org/","user_agent":"curl/8"})");
}

TEST(JsonLine, LeavesOutWhatIsNotKnown) {
    AccessEntry e;
    e.version = 0;
    e.status = 400;
    EXPECT_EQ(json(e), R"({"time":"2026-01-31T12:34:56.789Z","status":400,"bytes":0,"duration_ms":0.000})");
}

TEST(JsonLine, CannotBeForged) {
    const std::string line = json(hostile());
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    EXPECT_THAT(line, HasSubstr(R"("target":"/\" 200 1\r\nforged")"));
    EXPECT_THAT(line, HasSubstr(R"("user_agent":"a\"\u001b[2J\n127.0.0.1 - -"})"));
}

TEST(FormatLine, EveryAtom) {
    const std::vector<std::pair<std::string, std::string>> expected{
        {"time", "2026-01-31T12:34:56.789Z"},
        {"remote", "192.0.2.7"},
        {"method", "GET"},
        {"target", "/users/7?x=1"},
        {"protocol", "HTTP/1.1"},
        {"status", "200"},
        {"bytes", "1234"},
        {"id", "abc-1"},
        {"route", "/users/{id}"},
        {"referer", "https://example.org/"},
        {"user_agent", "curl/8"},
        {"duration_ms", "12.346"},
        {"queue_ms", "1.000"},
        {"gil_wait_ms", "2.000"},
        {"gil_hold_ms", "3.000"},
        {"lock_wait_ms", "4.000"},
        {"ready_ms", "4.500"},
        {"off_gil_ms", "5.000"},
        {"send_ms", "6.500"},
    };
    ASSERT_EQ(expected.size(), config::atoms().size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(config::atoms()[i].name, expected[i].first);
        EXPECT_EQ(formatted("<{" + expected[i].first + "}>", entry()), "<" + expected[i].second + ">");
    }
}

TEST(FormatLine, TextAndDoubledBracesStay) {
    EXPECT_EQ(formatted("{{{method}}} {status}ms", entry()), "{GET} 200ms");
}

TEST(FormatLine, PhasesThatAreNotKnownAreDashes) {
    AccessEntry e = entry();
    e.phases.reset();
    e.version = 10;
    EXPECT_EQ(formatted("{queue_ms} {send_ms} {duration_ms} {protocol}", e), "- - 12.346 HTTP/1.0");
}

TEST(FormatLine, NoAtomLetsALineEndThrough) {
    for (const config::AtomInfo& atom : config::atoms()) {
        const std::string line = formatted(fmt::format("{{{}}}", atom.name), hostile());
        EXPECT_THAT(line, Not(HasSubstr("\n"))) << atom.name;
        EXPECT_THAT(line, Not(HasSubstr("\x1b"))) << atom.name;
    }
}

TEST(Times, MidnightOfTheEpochAndBeforeIt) {
    fmt::memory_buffer out;
    append_json_object(out, AccessEntry{}, WallTime(std::chrono::milliseconds(-1)));
    EXPECT_THAT(fmt::to_string(out), HasSubstr("1969-12-31T23:59:59.999Z"));
}

}  // namespace
}  // namespace baton::log
