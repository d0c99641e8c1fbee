#include "server/cli/trace_command.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace baton::cli {
namespace {

using test::failure_of;
using test::run;

Trace trace(const std::vector<std::string>& arguments) {
    const Command command = run(arguments);
    const auto* trace = std::get_if<Trace>(&command);
    if (trace == nullptr) ADD_FAILURE() << failure_of(command);
    return trace == nullptr ? Trace{} : *trace;
}

TEST(TraceCommand, Defaults) {
    const Trace plain = trace({"trace"});
    EXPECT_EQ(plain.url, "");
    EXPECT_EQ(plain.seconds, 5.0);
    EXPECT_EQ(plain.output, "baton-gil.pftrace");
    EXPECT_EQ(plain.format, TraceFormat::perfetto);
    EXPECT_EQ(trace({"trace", "--format", "json"}).output, "baton-gil.json");
}

TEST(TraceCommand, Options) {
    const Trace all =
        trace({"trace", "-o", "a b", "http://[::1]:9180/", "--seconds=0.5", "--format", "json"});
    EXPECT_EQ(all.url, "http://[::1]:9180/");
    EXPECT_EQ(all.seconds, 0.5);
    EXPECT_EQ(all.output, "a b");
    EXPECT_EQ(all.format, TraceFormat::json);
    EXPECT_EQ(trace({"trace", "-o", "-"}).output, "-");
    EXPECT_EQ(trace({"trace", "-o", "x.json"}).format, TraceFormat::json);
    EXPECT_EQ(trace({"trace", "--format=perfetto", "-o", "x.json"}).format, TraceFormat::perfetto);
}

TEST(TraceCommand, Failures) {
    EXPECT_EQ(failure_of(run({"trace", "--seconds", "61"})),
              "--seconds: must be a number from 0.01 to 60, not \"61\"");
    EXPECT_EQ(failure_of(run({"trace", "--seconds=nan"})),
              "--seconds: must be a number from 0.01 to 60, not \"nan\"");
    EXPECT_EQ(failure_of(run({"trace", "--seconds"})), "--seconds: needs a value");
    EXPECT_EQ(failure_of(run({"trace", "-o="})), "-o: must not be empty");
    EXPECT_EQ(failure_of(run({"trace", "--format", "svg"})),
              "--format: must be perfetto or json, not \"svg\"");
    EXPECT_EQ(failure_of(run({"trace", "-x"})), "\"-x\": there is no such option; see baton trace --help");
    EXPECT_EQ(failure_of(run({"trace", "a:1", "b:2"})),
              "\"b:2\": one admin address is enough; for example: baton trace http://127.0.0.1:9180");
}

TEST(TraceCommand, Help) {
    const Command command = run({"trace", "--help"});
    ASSERT_TRUE(std::holds_alternative<Text>(command));
    EXPECT_NE(std::get<Text>(command).text.find("ui.perfetto.dev"), std::string::npos);
}

}  // namespace
}  // namespace baton::cli
