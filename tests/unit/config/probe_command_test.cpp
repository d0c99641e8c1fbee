#include "server/cli/probe_command.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace baton::cli {
namespace {

using test::failure_of;
using test::run;

Probe probe(const std::vector<std::string>& arguments) {
    const Command command = run(arguments);
    const auto* probe = std::get_if<Probe>(&command);
    if (probe == nullptr) ADD_FAILURE() << failure_of(command);
    return probe == nullptr ? Probe{} : *probe;
}

TEST(ProbeCommand, EverythingBehindTheDashesIsTheCommand) {
    const Probe plain = probe({"probe", "--", "gunicorn", "--listen", "--", "-h", ""});
    EXPECT_EQ(plain.command, (std::vector<std::string>{"gunicorn", "--listen", "--", "-h", ""}));
    EXPECT_FALSE(plain.listen);
    EXPECT_EQ(plain.report, "");
    EXPECT_EQ(plain.policy, ProbePolicy::cpython);
    EXPECT_EQ(probe({"probe", "gunicorn", "-w", "2"}).command,
              (std::vector<std::string>{"gunicorn", "-w", "2"}));
}

TEST(ProbeCommand, Options) {
    const Probe all = probe({"probe", "--listen", "127.0.0.1:9181", "--report=a b.json", "--gil-policy",
                             "latency", "--", "true"});
    EXPECT_EQ(all.listen, (config::TcpAddress{"127.0.0.1", 9181}));
    EXPECT_EQ(all.report, "a b.json");
    EXPECT_EQ(all.policy, ProbePolicy::latency);
}

TEST(ProbeCommand, Failures) {
    EXPECT_EQ(failure_of(run({"probe"})),
              "the command is missing; for example: baton probe -- gunicorn mysite.wsgi:app");
    EXPECT_EQ(failure_of(run({"probe", "--listen", "127.0.0.1:0", "--"})),
              "the command is missing; for example: baton probe -- gunicorn mysite.wsgi:app");
    EXPECT_EQ(failure_of(run({"probe", "--report", "--", "true"})), "--report: needs a value");
    EXPECT_EQ(failure_of(run({"probe", "--report=", "--", "true"})), "--report: must not be empty");
    EXPECT_EQ(failure_of(run({"probe", "--gil-policy", "fair", "--", "true"})),
              "--gil-policy: must be cpython or latency, not \"fair\"");
    EXPECT_EQ(failure_of(run({"probe", "--listen", "here", "--", "true"})).substr(0, 9), "--listen:");
    EXPECT_EQ(failure_of(run({"probe", "-w", "2"})),
              "\"-w\": there is no such option; see baton probe --help, and put -- in front of the command");
    EXPECT_EQ(failure_of(run({"probe", "--", ""})), "the command is an empty word");
}

TEST(ProbeCommand, Help) {
    const Command help = run({"probe", "--help"});
    ASSERT_TRUE(std::holds_alternative<Text>(help));
    for (const char* option : {"--listen", "--report", "--gil-policy"})
        EXPECT_NE(std::get<Text>(help).text.find(option), std::string::npos) << option;
    EXPECT_NE(std::get<Text>(run({"--help"})).text.find("probe"), std::string::npos);
}

}  // namespace
}  // namespace baton::cli
