#include "server/cli/command.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "server/config/access_format.hpp"
#include "server/config/options.hpp"
#include "tests/unit/config/support.hpp"

namespace baton::cli {
namespace {

using test::failure_of;
using test::run;

std::string text_of(const Command& command) {
    const auto* text = std::get_if<Text>(&command);
    return text ? text->text : "(no text)";
}

TEST(Commands, ServeAndCheck) {
    EXPECT_TRUE(std::holds_alternative<Serve>(run({"serve", "m:app"})));
    const Command check = run({"check", "--factory", "m:app"}, {{"BATON_NONE", "1"}});
    ASSERT_TRUE(std::holds_alternative<Check>(check));
    EXPECT_TRUE(std::get<Check>(check).config.python.factory);
    EXPECT_EQ(std::get<Check>(check).warnings.size(), 1U);
}

TEST(Commands, OptionsMayStandBehindTheApplication) {
    EXPECT_EQ(test::config_of(run({"serve", "m:app", "--threads", "3"})).python.threads,
              (config::ThreadBounds{3, 3}));
    EXPECT_EQ(test::config_of(run({"serve", "--", "m:app"})).python.application, "m:app");
}

TEST(Commands, Version) {
    EXPECT_EQ(text_of(run({"--version"})), "the version\n");
}

TEST(Commands, MissingOrUnknown) {
    EXPECT_EQ(failure_of(run({})),
              "a command is missing: serve, check, probe, advise or trace (see baton --help)");
    EXPECT_EQ(failure_of(run({"srve", "m:app"})),
              "\"srve\": there is no such command; there are serve, check, probe, advise and trace (see "
              "baton --help)");
    EXPECT_EQ(failure_of(run({"m:app"})),
              "\"m:app\": the command is missing; did you mean baton serve m:app?");
    EXPECT_EQ(failure_of(run({"--threads", "3", "serve", "m:app"})),
              "\"--threads\": options come behind the command; for example: baton serve mysite.wsgi:app");
}

TEST(Commands, OneApplication) {
    EXPECT_EQ(failure_of(run({"serve"})),
              "MODULE:CALLABLE is missing; for example: baton serve mysite.wsgi:app");
    EXPECT_EQ(failure_of(run({"serve", "m:a", "m:b"})),
              "\"m:b\": one application is enough, there is \"m:a\" already");
    EXPECT_EQ(failure_of(run({"serve", "m:a", "check"})),
              "\"check\": one application is enough, there is \"m:a\" already");
}

TEST(Flags, Unknown) {
    EXPECT_EQ(failure_of(run({"serve", "--treads", "3", "m:app"})),
              "--treads: there is no such option; did you mean --threads?");
    EXPECT_EQ(failure_of(run({"serve", "--treads=3", "m:app"})),
              "--treads: there is no such option; did you mean --threads?");
    EXPECT_EQ(failure_of(run({"check", "m:app", "--nonsense"})),
              "--nonsense: there is no such option; see baton check --help");
    EXPECT_EQ(failure_of(run({"serve", "-x", "m:app"})),
              "-x: there is no such option; see baton serve --help");
}

// They belong to later versions: accepting them silently would be a lie.
TEST(Flags, OfTheFuture) {
    for (const char* flag : {"--processes=2", "--interpreters=2", "--loops=2", "--reload"}) {
        EXPECT_NE(failure_of(run({"serve", flag, "m:app"})).find("there is no such option"),
                  std::string::npos)
            << flag;
    }
}

TEST(Flags, TwiceOrWithoutAValue) {
    EXPECT_EQ(failure_of(run({"serve", "--threads", "3", "--threads", "4", "m:app"})),
              "--threads: given 2 times");
    EXPECT_EQ(failure_of(run({"serve", "m:app", "--threads"})), "--threads: needs a value");
    EXPECT_EQ(failure_of(run({"serve", "--chdir=", "m:app"})), "--chdir: needs a value");
    EXPECT_EQ(failure_of(run({"serve", "--chdir", "", "m:app"})), "--chdir: must not be empty");
    EXPECT_EQ(failure_of(run({"serve", "--threads", "-1", "m:app"})),
              "--threads: must be a whole number from 1 to 4096, MIN:MAX such as 4:64, or auto, not \"-1\"");
}

TEST(Flags, ValuesAreTakenAsTheyAre) {
    EXPECT_EQ(test::config_of(test::serve({"--access-log", "[{time}]"})).access_log_format, "[{time}]");
    EXPECT_EQ(test::config_of(test::serve({"--access-log", "\"{id}\" = '{id}', x"})).access_log_format,
              "\"{id}\" = '{id}', x");
    EXPECT_EQ(test::config_of(test::serve({"--route", "/a,b"})).routes, std::vector<std::string>{"/a,b"});
}

TEST(Failures, AreOneLine) {
    for (const char* const argument : {"--x\ny", "a\nb", "m\n:a"}) {
        EXPECT_EQ(failure_of(run({"serve", argument})).find('\n'), std::string::npos);
        EXPECT_EQ(failure_of(run({argument})).find('\n'), std::string::npos);
        EXPECT_EQ(failure_of(run({"serve", "--threads", argument, "m:a"})).find('\n'), std::string::npos);
    }
}

// Lines are broken for reading; a comparison does not care where.
std::string unwrapped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n';
        if (!blank || (!result.empty() && result.back() != ' ')) result += blank ? ' ' : c;
    }
    return result;
}

TEST(Help, OfACommandStatesEveryOptionAndDefault) {
    for (const char* command : {"serve", "check"}) {
        const std::string help = unwrapped(text_of(run({command, "--help"})));
        EXPECT_NE(help.find(fmt::format("Usage: baton {} [options] MODULE:CALLABLE", command)),
                  std::string::npos);
        for (const config::Option& option : config::options()) {
            std::string_view shown = option.default_text.empty() ? "none" : option.default_text;
            if (!option.has_default_value() && !option.default_text.empty())
                shown = shown.substr(1, shown.size() - 2);
            const std::string row =
                fmt::format(" --{}{}{} {}{} (default: {})", option.name,
                            option.placeholder.empty() ? "" : " ", option.placeholder, option.help,
                            option.kind == config::Kind::list ? "; repeatable" : "", shown);
            EXPECT_NE(help.find(row), std::string::npos) << row;
        }
        for (const config::AtomInfo& atom : config::atoms()) {
            EXPECT_NE(help.find(fmt::format("{{{}}} {}", atom.name, atom.meaning)), std::string::npos)
                << atom.name;
        }
    }
}

TEST(Help, FitsATerminal) {
    std::istringstream help(text_of(run({"serve", "--help"})));
    for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Help, ListsTheCommands) {
    for (const char* flag : {"--help", "-h"}) {
        const std::string help = text_of(run({flag}));
        for (const char* part : {"Usage: baton COMMAND", "serve", "check", "--version"}) {
            EXPECT_NE(help.find(part), std::string::npos) << part;
        }
    }
}

TEST(Help, WinsOverMistakes) {
    EXPECT_NE(text_of(run({"serve", "--threads", "x", "--help"})).find("--threads N|MIN:MAX|auto"),
              std::string::npos);
}

}  // namespace
}  // namespace baton::cli
