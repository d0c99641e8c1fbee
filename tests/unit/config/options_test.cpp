// Every option, from every source: the same row of one table, so the same cases for each.
#include "server/config/options.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "tests/unit/config/support.hpp"

namespace baton::config {
namespace {

using test::config_of;
using test::failure_of;
using test::serve;

struct Case {
    std::string name;
    std::string good;  // as a flag's or a variable's value
    std::string toml;  // as a value in the file
    std::function<bool(const Config&)> took;
    std::string bad;
    std::string complaint;  // what is said of `bad`, up to the quotation
};

constexpr const char* kNumber = "must be a whole number from ";
constexpr const char* kSize = "must be a size from ";
constexpr const char* kDuration = "must be a duration such as ";
using Ms = std::chrono::milliseconds;

// Options whose values are files and directories have tests of their own (checks_test.cpp).
const std::set<std::string_view> kOfFiles{"chdir",   "python-path", "venv",   "tls-cert",
                                          "tls-key", "tls-ca",      "config", "tls-min-version"};

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"bind", "[::1]:81", R"(["[::1]:81"])",
         [](const Config& c) { return c.bind == std::vector<BindAddress>{TcpAddress{"::1", 81}}; }, "x",
         "must be HOST:PORT"},
        {"admin", "127.0.0.1:82", R"("127.0.0.1:82")",
         [](const Config& c) { return c.admin == TcpAddress{"127.0.0.1", 82}; }, "x", "must be HOST:PORT"},
        {"io-threads", "3", "3", [](const Config& c) { return c.io_threads == 3; }, "0", kNumber},
        {"interface", "wsgi", R"("wsgi")",
         [](const Config& c) { return c.python.interface == Interface::wsgi; }, "rack",
         "must be auto, wsgi or asgi"},
        {"mount", "/api=site.api:app", R"(["/api=site.api:app"])",
         [](const Config& c) {
             return c.python.mounts == std::vector<MountedApplication>{{"/api", "site.api:app"}};
         },
         "x", "must be PREFIX=MODULE:CALLABLE such as /api=mysite.api:app"},
        {"loop", "asyncio", R"("asyncio")",
         [](const Config& c) { return c.python.event_loop == EventLoop::asyncio; }, "trio",
         "must be auto, asyncio or uvloop"},
        {"lifespan", "on", R"("on")", [](const Config& c) { return c.python.lifespan == Lifespan::on; },
         "true", "must be auto, on or off"},
        {"log-slow-callbacks", "20ms", R"("20ms")",
         [](const Config& c) { return c.python.slow_callbacks == Ms(20); }, "slow", kDuration},
        {"ws-max-message-bytes", "1M", R"("1M")",
         [](const Config& c) { return c.web_socket.max_message_bytes == 1U << 20; }, "0", kSize},
        {"ws-ping-interval", "off", R"("off")",
         [](const Config& c) { return c.web_socket.ping_interval == Ms(0); }, "x", kDuration},
        {"ws-ping-timeout", "3s", "3", [](const Config& c) { return c.web_socket.ping_timeout == Ms(3000); },
         "x", kDuration},
        {"ws-compression", "off", R"("off")", [](const Config& c) { return !c.web_socket.compression; }, "x",
         "must be on or off"},
        {"factory", "true", "true", [](const Config& c) { return c.python.factory; }, "x",
         "must be true or false"},
        {"threads", "17", "17", [](const Config& c) { return c.python.threads == ThreadBounds{17, 17}; },
         "abc", "must be a whole number from 1 to 4096"},
        {"gil-policy", "cpython", R"("cpython")",
         [](const Config& c) { return c.python.gil_policy == GilPolicy::cpython; }, "fair",
         "must be latency or cpython"},
        {"switch-interval", "0.001", "0.001",
         [](const Config& c) { return c.python.switch_interval == 0.001; }, "0", "must be seconds from "},
        {"max-header-bytes", "32k", R"("32k")",
         [](const Config& c) { return c.limits.header_bytes == 32768; }, "1", kSize},
        {"max-target-bytes", "4096", "4096", [](const Config& c) { return c.limits.target_bytes == 4096; },
         "x", kSize},
        {"max-header-fields", "50", "50", [](const Config& c) { return c.limits.header_fields == 50; }, "x",
         kNumber},
        {"max-body-bytes", "1M", R"("1MiB")", [](const Config& c) { return c.limits.body_bytes == 1U << 20; },
         "0", kSize},
        {"body-buffer-bytes", "128k", R"("128k")",
         [](const Config& c) { return c.limits.body_buffer_bytes == 128 * 1024; }, "x", kSize},
        {"max-connections", "77", "77", [](const Config& c) { return c.limits.connections == 77; }, "x",
         kNumber},
        {"queue-limit", "64", "64", [](const Config& c) { return c.limits.queue == 64; }, "0", kNumber},
        {"header-timeout", "1s", "1", [](const Config& c) { return c.timeouts.header == Ms(1000); }, "x",
         kDuration},
        {"body-timeout", "2s", "2", [](const Config& c) { return c.timeouts.body == Ms(2000); }, "x",
         kDuration},
        {"send-timeout", "3s", "3.0", [](const Config& c) { return c.timeouts.send == Ms(3000); }, "x",
         kDuration},
        {"keep-alive", "500ms", "0.5", [](const Config& c) { return c.timeouts.keep_alive == Ms(500); }, "x",
         kDuration},
        {"queue-timeout", "off", R"("off")", [](const Config& c) { return c.timeouts.queue == Ms(0); }, "x",
         kDuration},
        {"request-timeout", "2m", R"("2m")",
         [](const Config& c) { return c.timeouts.request == Ms(120'000); }, "x", kDuration},
        {"drain-timeout", "0", "0", [](const Config& c) { return c.timeouts.drain == Ms(0); }, "x",
         kDuration},
        {"route", "/u/{id}", R"(["/u/{id}"])",
         [](const Config& c) { return c.routes == std::vector<std::string>{"/u/{id}"}; }, "x",
         "must be a template such as /users/{id}"},
        {"server-timing", "yes", "true", [](const Config& c) { return c.server_timing; }, "x",
         "must be true or false"},
        {"access-log", "{method} {status}", R"("{method} {status}")",
         [](const Config& c) {
             return c.access_log == AccessLog::format && c.access_log_format == "{method} {status}";
         },
         "xml", "must be common, json, off or a format with atoms such as {method}"},
        {"log-long-holds", "50ms", R"("50ms")", [](const Config& c) { return c.long_holds == Ms(50); },
         "long", kDuration},
        {"log-level", "warning", R"("warning")",
         [](const Config& c) { return c.log_level == LogLevel::warning; }, "loud",
         "must be debug, info, warning or error"},
    };
    return all;
}

std::vector<std::string> as_flag(const Case& c, const std::string& value) {
    return {fmt::format("--{}={}", c.name, value)};
}

Environment as_variable(const Case& c, const std::string& value) {
    return {{environment_name(*find_option(c.name)), value}};
}

TEST(Options, EveryRowHasACase) {
    std::set<std::string_view> tested = kOfFiles;
    for (const Case& c : cases()) tested.insert(c.name);
    for (const Option& option : options()) EXPECT_TRUE(tested.contains(option.name)) << option.name;
    EXPECT_EQ(tested.size(), options().size());
}

TEST(Options, ADifferentValueFromADefault) {
    const Config defaults = config_of(serve({}));
    for (const Case& c : cases()) EXPECT_FALSE(c.took(defaults)) << c.name << ": this case proves nothing";
}

TEST(Options, FromFlags) {
    for (const Case& c : cases()) EXPECT_TRUE(c.took(config_of(serve(as_flag(c, c.good))))) << c.name;
}

TEST(Options, FromFlagsWithTheValueApart) {
    for (const Case& c : cases()) {
        const bool flag = find_option(c.name)->kind == Kind::flag;
        const std::vector<std::string> arguments =
            flag ? std::vector<std::string>{"--" + c.name} : std::vector<std::string>{"--" + c.name, c.good};
        EXPECT_TRUE(c.took(config_of(serve(arguments)))) << c.name;
    }
}

TEST(Options, FromTheEnvironment) {
    for (const Case& c : cases()) EXPECT_TRUE(c.took(config_of(serve({}, as_variable(c, c.good))))) << c.name;
}

TEST(Options, FromTheFileWithDashesOrUnderscores) {
    const test::TemporaryDirectory directory;
    for (const Case& c : cases()) {
        std::string underscored = c.name;
        std::replace(underscored.begin(), underscored.end(), '-', '_');
        for (const std::string& key : {c.name, underscored}) {
            const std::string file = directory.file("baton.toml", fmt::format("{} = {}\n", key, c.toml));
            EXPECT_TRUE(c.took(config_of(serve({"--config", file})))) << key;
            EXPECT_TRUE(c.took(config_of(serve({}, {{"BATON_CONFIG", file}})))) << key;
        }
    }
}

TEST(Options, ErrorsNameTheFlag) {
    for (const Case& c : cases()) {
        const std::string line = failure_of(serve(as_flag(c, c.bad)));
        EXPECT_EQ(line.find(fmt::format("--{}: {}", c.name, c.complaint)), 0U) << line;
        EXPECT_NE(line.find(fmt::format("not \"{}\"", c.bad)), std::string::npos) << line;
    }
}

TEST(Options, ErrorsNameTheVariable) {
    for (const Case& c : cases()) {
        const std::string line = failure_of(serve({}, as_variable(c, c.bad)));
        const std::string start = fmt::format("{}: {}", environment_name(*find_option(c.name)), c.complaint);
        EXPECT_EQ(line.find(start), 0U) << line;
    }
}

TEST(Options, ErrorsNameThePlaceInTheFile) {
    const test::TemporaryDirectory directory;
    for (const Case& c : cases()) {
        const Kind kind = find_option(c.name)->kind;
        const std::string value =
            kind == Kind::list ? fmt::format("[\"{}\"]", c.bad) : fmt::format("\"{}\"", c.bad);
        const std::string file =
            directory.file("baton.toml", fmt::format("# one\n\n  {} = {}\n", c.name, value));
        const std::string line = failure_of(serve({"--config", file}));
        const std::string complaint =
            kind == Kind::flag ? "must be true or false, without quotes" : c.complaint;
        // Line 3, behind two blanks, the name and " = ".
        EXPECT_EQ(line.find(fmt::format("{}:3:{}: {}: {}", file, 6 + c.name.size(), c.name, complaint)), 0U)
            << line;
    }
}

TEST(Options, FlagsWinOverEnvironmentOverFileOverDefaults) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("baton.toml", "threads = 3\nqueue-limit = 3\nio-threads = 3\n");
    const Config config = config_of(
        serve({"--config", file, "--threads", "5"}, {{"BATON_THREADS", "4"}, {"BATON_QUEUE_LIMIT", "4"}}));
    EXPECT_EQ(config.python.threads, (ThreadBounds{5, 5}));
    EXPECT_EQ(config.limits.queue, 4U);
    EXPECT_EQ(config.io_threads, 3U);
    EXPECT_EQ(config.limits.connections, 10'000U);
}

TEST(Options, AStrongerSourceReplacesAWholeList) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("baton.toml", R"(route = ["/a", "/b"])");
    EXPECT_EQ(config_of(serve({"--config", file})).routes, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(config_of(serve({"--config", file}, {{"BATON_ROUTE", "/c, /d,"}})).routes,
              (std::vector<std::string>{"/c", "/d"}));
    EXPECT_EQ(config_of(serve({"--config", file, "--route", "/e", "--route", "/f"}, {{"BATON_ROUTE", "/c"}}))
                  .routes,
              (std::vector<std::string>{"/e", "/f"}));
}

TEST(Options, EmptyLists) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("baton.toml", "bind = []\n");
    EXPECT_EQ(failure_of(serve({"--config", file})), file + ":1:8: bind: needs at least one address");
    EXPECT_EQ(failure_of(serve({}, {{"BATON_BIND", ","}})), "BATON_BIND: needs at least one address");
    EXPECT_TRUE(config_of(serve({"--config", directory.file("b.toml", "route = []")})).routes.empty());
}

TEST(Options, AStrongerSourceCanSwitchAFlagOff) {
    EXPECT_FALSE(config_of(serve({"--factory=false"}, {{"BATON_FACTORY", "1"}})).python.factory);
}

TEST(Options, AnOverriddenValueMustBeValidToo) {
    EXPECT_EQ(
        failure_of(serve({"--threads", "5"}, {{"BATON_THREADS", "x"}})),
        "BATON_THREADS: must be a whole number from 1 to 4096, MIN:MAX such as 4:64, or auto, not \"x\"");
}

TEST(Options, DefaultsInTheTableAreThoseOfTheConfig) {
    for (const Option& option : options()) {
        if (!option.has_default_value()) continue;
        Config config;
        EXPECT_FALSE(option.apply(config, {std::string(option.default_text)}).has_value()) << option.name;
    }
    const Config made = config_of(serve({}));
    const Config plain;
    EXPECT_EQ(made.bind, std::vector<BindAddress>{(TcpAddress{"127.0.0.1", 8000})});
    EXPECT_EQ(made.admin, (TcpAddress{"127.0.0.1", 9180}));
    EXPECT_EQ(made.io_threads, plain.io_threads);
    EXPECT_EQ(made.limits.header_bytes, plain.limits.header_bytes);
    EXPECT_EQ(made.limits.target_bytes, plain.limits.target_bytes);
    EXPECT_EQ(made.limits.header_fields, plain.limits.header_fields);
    EXPECT_EQ(made.limits.body_bytes, plain.limits.body_bytes);
    EXPECT_EQ(made.limits.body_buffer_bytes, plain.limits.body_buffer_bytes);
    EXPECT_EQ(made.limits.connections, plain.limits.connections);
    EXPECT_EQ(made.limits.queue, plain.limits.queue);
    EXPECT_EQ(made.timeouts.header, plain.timeouts.header);
    EXPECT_EQ(made.timeouts.body, plain.timeouts.body);
    EXPECT_EQ(made.timeouts.send, plain.timeouts.send);
    EXPECT_EQ(made.timeouts.keep_alive, plain.timeouts.keep_alive);
    EXPECT_EQ(made.timeouts.queue, plain.timeouts.queue);
    EXPECT_EQ(made.timeouts.request, plain.timeouts.request);
    EXPECT_EQ(made.timeouts.drain, plain.timeouts.drain);
    EXPECT_EQ(made.tls.min_version, plain.tls.min_version);
    EXPECT_EQ(made.access_log, plain.access_log);
    EXPECT_EQ(made.log_level, plain.log_level);
    EXPECT_EQ(made.server_timing, plain.server_timing);
    EXPECT_EQ(made.python.factory, plain.python.factory);
    EXPECT_EQ(made.python.interface, plain.python.interface);
    EXPECT_EQ(made.python.event_loop, plain.python.event_loop);
    EXPECT_EQ(made.python.lifespan, plain.python.lifespan);
    EXPECT_EQ(made.python.slow_callbacks, plain.python.slow_callbacks);
    EXPECT_EQ(made.web_socket.max_message_bytes, plain.web_socket.max_message_bytes);
    EXPECT_EQ(made.web_socket.ping_interval, plain.web_socket.ping_interval);
    EXPECT_EQ(made.web_socket.ping_timeout, plain.web_socket.ping_timeout);
    EXPECT_EQ(made.web_socket.compression, plain.web_socket.compression);
    EXPECT_FALSE(made.python.switch_interval.has_value());
    EXPECT_EQ(made.python.threads.min, 2U);
    EXPECT_GT(made.python.threads.max, made.python.threads.min);
}

TEST(Options, OffWhereThereIsAnOff) {
    EXPECT_FALSE(config_of(serve({"--admin", "off"})).admin.has_value());
    EXPECT_EQ(config_of(serve({"--max-body-bytes", "off"})).limits.body_bytes,
              std::numeric_limits<std::uint64_t>::max());
    for (const auto& [name, kind] : {std::pair{"off", AccessLog::off}, std::pair{"common", AccessLog::common},
                                     std::pair{"json", AccessLog::json}}) {
        EXPECT_EQ(config_of(serve({"--access-log", name}, {{"BATON_ACCESS_LOG", "{id}"}})).access_log, kind);
    }
}

TEST(Options, AutoThreadsCanBeAskedFor) {
    EXPECT_EQ(config_of(serve({"--threads", "auto"}, {{"BATON_THREADS", "3"}})).python.threads,
              config_of(serve({})).python.threads);
}

TEST(Options, AccessLogFormatsAreChecked) {
    EXPECT_EQ(failure_of(serve({"--access-log", "{path}"})).find("--access-log: there is no atom \"{path}\""),
              0U);
    EXPECT_EQ(failure_of(serve({"--access-log", "{id}\n{id}"})), "--access-log: a format is one line");
}

TEST(Options, RoutesMustHavePairedBraces) {
    EXPECT_EQ(failure_of(serve({"--route", "/a/{id"})), "--route: has an unpaired brace in \"/a/{id\"");
}

TEST(Environment, ComesFromMainsArray) {
    const char* const variables[] = {"A=1", "B=x=y", "C=", "nonsense", nullptr};
    EXPECT_EQ(environment(variables), (Environment{{"A", "1"}, {"B", "x=y"}, {"C", ""}}));
    EXPECT_TRUE(environment(nullptr).empty());
}

TEST(Environment, UnknownVariablesAreWarnedOf) {
    const cli::Command command = serve({}, {{"BATON_TREADS", "4"},
                                            {"BATON_THREADS", "5"},
                                            {"BATON_LAB_POSTGRES", ""},
                                            {"BATONX", "1"},
                                            {"PATH", "/bin"}});
    EXPECT_EQ(config_of(command).python.threads, (ThreadBounds{5, 5}));
    EXPECT_EQ(std::get<cli::Serve>(command).warnings,
              std::vector<std::string>{"BATON_TREADS: there is no such option, ignored"});
}

TEST(Environment, EmptyVariablesCountAsNotSet) {
    for (const Option& option : options()) {
        EXPECT_EQ(failure_of(serve({}, {{environment_name(option), ""}})), "(no failure)") << option.name;
    }
}

}  // namespace
}  // namespace baton::config
