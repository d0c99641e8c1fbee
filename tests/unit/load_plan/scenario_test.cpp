#include "loadgen/plan/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace loadgen::plan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;

Scenario scenario_of(std::string_view text) {
    Parsed<Scenario> scenario = parse_scenario(text, "s.toml");
    EXPECT_TRUE(scenario) << (scenario ? "" : scenario.why());
    return scenario ? *scenario : Scenario{};
}

Endpoint endpoint_of(const std::string& keys) {
    const Scenario scenario = scenario_of("base = 'http://h'\n[[endpoint]]\npath = '/x'\n" + keys);
    EXPECT_EQ(scenario.endpoints.size(), 1U);
    return scenario.endpoints.empty() ? Endpoint{} : scenario.endpoints.front();
}

std::vector<std::string> headers_of(const Endpoint& endpoint) {
    std::vector<std::string> all;
    for (const Header& header : endpoint.headers) all.push_back(header.name + ": " + header.value);
    return all;
}

TEST(Scenario, TheLeastThereCanBe) {
    const Scenario scenario = scenario_of("[[endpoint]]\nurl = 'http://h:8000/a?b'\n");
    ASSERT_EQ(scenario.endpoints.size(), 1U);
    const Endpoint& endpoint = scenario.endpoints[0];
    EXPECT_EQ(endpoint.name, "/a");
    EXPECT_EQ(endpoint.method, "GET");
    EXPECT_EQ(endpoint.target.authority, "h:8000");
    EXPECT_EQ(endpoint.target.path, "/a?b");
    EXPECT_EQ(endpoint.weight, 1);
    EXPECT_FALSE(scenario.load.rate);
    EXPECT_FALSE(scenario.load.connections);
    EXPECT_TRUE(scenario.load.thresholds.empty());
}

TEST(Scenario, Load) {
    const WishedLoad load = scenario_of(R"(
[load]
rate = "2k"
connections = 64
duration = 10
warm_up = "500ms"
timeout = 1.5
arrival = "poisson"
ramp = "10:5s"
threads = 2
seed = 0
thresholds = ["p99<50ms", "/x:errors<1%"]
[[endpoint]]
url = "http://h/"
)")
                                .load;
    EXPECT_EQ(load.rate, 2000);
    EXPECT_EQ(load.connections, 64U);
    EXPECT_EQ(load.duration, seconds(10));
    EXPECT_EQ(load.warm_up, milliseconds(500));
    EXPECT_EQ(load.timeout, milliseconds(1500));
    EXPECT_EQ(load.arrival, Arrival::poisson);
    EXPECT_EQ(load.ramp->from, 10);
    EXPECT_EQ(load.ramp->time, seconds(5));
    EXPECT_EQ(load.threads, 2U);
    EXPECT_EQ(load.seed, 0U);
    ASSERT_EQ(load.thresholds.size(), 2U);
    EXPECT_EQ(load.thresholds[1].endpoint, "/x");
}

TEST(Scenario, PathsAreBehindTheBase) {
    const auto path = [](const std::string& base) {
        return scenario_of("base = '" + base + "'\n[[endpoint]]\npath = '/x?y'\n")
            .endpoints.at(0)
            .target.path;
    };
    EXPECT_EQ(path("http://h"), "/x?y");
    EXPECT_EQ(path("http://h/"), "/x?y");
    EXPECT_EQ(path("http://h/api"), "/api/x?y");
    EXPECT_EQ(path("http://h/api/"), "/api/x?y");
}

TEST(Scenario, Bodies) {
    EXPECT_EQ(endpoint_of("body = 'abc'").body, "abc");
    EXPECT_EQ(endpoint_of("body = 'abc'").method, "POST");
    EXPECT_EQ(endpoint_of("body = ''").method, "POST");
    EXPECT_EQ(endpoint_of("body = 'abc'\nmethod = 'PUT'").method, "PUT");
    EXPECT_TRUE(endpoint_of("body = 'abc'\nchunked = true").chunked);
    const std::string generated = endpoint_of("body-bytes = '64k'").body;
    EXPECT_EQ(generated.size(), 65536U);
    EXPECT_EQ(generated.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
    EXPECT_NE(generated.substr(0, 100), generated.substr(100, 100));
}

TEST(Scenario, JsonBodies) {
    const Endpoint endpoint =
        endpoint_of(R"(json = { b = [1, 2.5, true, []], a = "q\"\n\u00e4", c = {}, d = 2026-01-02 })");
    EXPECT_EQ(endpoint.body,
              "{\"a\":\"q\\\"\\u000a\u00e4\",\"b\":[1,2.5,true,[]],\"c\":{},\"d\":\"2026-01-02\"}");
    EXPECT_EQ(endpoint.method, "POST");
    EXPECT_THAT(headers_of(endpoint), ElementsAre("Content-Type: application/json"));
    EXPECT_THAT(headers_of(endpoint_of("json = 'x'\nheaders = { content-type = 'text/x' }")),
                ElementsAre("content-type: text/x"));
}

TEST(Scenario, Headers) {
    EXPECT_THAT(headers_of(endpoint_of("headers = { A = '1', B = ['2', '3'], Host = 'other:80' }")),
                ElementsAre("A: 1", "B: 2", "B: 3", "Host: other:80"));
    EXPECT_THAT(headers_of(endpoint_of("headers = [{name = 'B', value = '1'}, {name = 'A', value = ''}]")),
                ElementsAre("B: 1", "A: "));
    const Scenario scenario = scenario_of(R"(
headers = { A = "all", B = "all" }
[[endpoint]]
url = "http://h/"
headers = { b = "own" }
)");
    EXPECT_THAT(headers_of(scenario.endpoints.at(0)), ElementsAre("A: all", "b: own"));
}

TEST(Scenario, Expectations) {
    const Expectation expect = endpoint_of(
                                   "expect = { status = [200, '3xx', '401-403'], body-contains = 'a', "
                                   "body-bytes = '1k', within = '5ms' }")
                                   .expect;
    EXPECT_THAT(expect.statuses, ElementsAre(Pair(200, 200), Pair(300, 399), Pair(401, 403)));
    EXPECT_EQ(expect.body_contains, "a");
    EXPECT_EQ(expect.body_bytes, 1024U);
    EXPECT_EQ(expect.within, milliseconds(5));
    EXPECT_THAT(endpoint_of("expect = { status = 204 }").expect.statuses, ElementsAre(Pair(204, 204)));
    EXPECT_THAT(endpoint_of("expect = { status = '2xx' }").expect.statuses, ElementsAre(Pair(200, 299)));
}

TEST(Scenario, SlowClientsAndStreams) {
    const Endpoint endpoint = endpoint_of(
        "send-pace = '64k'\nreceive-pace = '1k/s'\nfirst-byte = true\nfresh_connection = true\nweight = 0.5");
    EXPECT_EQ(endpoint.pace.send, 65536U);
    EXPECT_EQ(endpoint.pace.receive, 1024U);
    EXPECT_TRUE(endpoint.first_byte);
    EXPECT_TRUE(endpoint.fresh_connection);
    EXPECT_EQ(endpoint.weight, 0.5);
}

TEST(Scenario, WebSockets) {
    const Endpoint plain =
        scenario_of("[[endpoint]]\nurl = 'ws://h/'\nexpect = { within = '1s' }").endpoints.at(0);
    EXPECT_EQ(plain.kind, Kind::websocket);
    EXPECT_EQ(plain.echo.messages, 1U);
    const Endpoint echo = endpoint_of("websocket = { messages = 10, bytes = '1k', text = false }");
    EXPECT_EQ(echo.kind, Kind::websocket);
    EXPECT_EQ(echo.echo.messages, 10U);
    EXPECT_EQ(echo.echo.bytes, 1024U);
    EXPECT_FALSE(echo.echo.text);
}

TEST(Scenario, NamesAreUnique) {
    const Scenario scenario = scenario_of(R"(
base = "http://h"
endpoint = [{ path = "/a?1" }, { path = "/a?2" }, { path = "/b" }, { path = "/b", body = "" }, { path = "/c" },
            { name = "/c", path = "/d" }, { path = "/e" }, { path = "/e" }]
)");
    std::vector<std::string> names;
    for (const Endpoint& endpoint : scenario.endpoints) names.push_back(endpoint.name);
    EXPECT_THAT(names, ElementsAre("/a?1", "/a?2", "GET /b", "POST /b", "GET /c", "/c", "/e #1", "/e #2"));
}

struct Mistake {
    const char* text;
    const char* why;
};

class ScenarioMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ScenarioMistake, IsOneLineWithItsPlace) {
    const Parsed<Scenario> scenario = parse_scenario(GetParam().text, "s.toml");
    ASSERT_FALSE(scenario) << GetParam().text;
    EXPECT_THAT(scenario.why(), HasSubstr(GetParam().why)) << GetParam().text;
    EXPECT_EQ(scenario.why().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    OfTheFile, ScenarioMistake,
    testing::Values(
        Mistake{"", "s.toml: there is no [[endpoint]]"}, Mistake{"endpoint = []", "there is no [[endpoint]]"},
        Mistake{"x = ", "s.toml:1:5: "}, Mistake{"a = 1\na = 2", "s.toml:2:"},
        Mistake{"\xff = 1", "s.toml:1:1: "},
        Mistake{"endpoint = 1", "s.toml:1:12: endpoint: must be an array"},
        Mistake{"[endpoint]\npath = '/'",
                "s.toml:1:1: endpoint: must be an array; write [[endpoint]], not [endpoint]"},
        Mistake{"endpoint = [1]", "s.toml:1:13: endpoint: must be tables"},
        Mistake{"endpoints = []",
                "s.toml:1:1: there is no key \"endpoints\" in a scenario; there are: base, endpoint"},
        Mistake{"base = 'h:8000'", "s.toml:1:8: base: the URL \"h:8000\" has no scheme"},
        Mistake{"base = 'http://h/?x'", "s.toml:1:8: base: must not have a query"},
        Mistake{"base = true", "s.toml:1:8: base: must be a string or a number"},
        Mistake{"load = 1", "s.toml:1:8: load: must be a table"},
        Mistake{"\n[load]\nrate = 0", "s.toml:3:8: rate: must be from 0.001/s"},
        Mistake{"[load]\nrate = -5", "s.toml:2:8: rate: must be requests per second"},
        Mistake{"[load]\nrate = []", "s.toml:2:8: rate: must be a string or a number"},
        Mistake{"[load]\nrats = 5",
                "s.toml:2:1: there is no key \"rats\" in [load]; there are: arrival, connections"},
        Mistake{"[load]\nconnections = 0",
                "s.toml:2:15: connections: must be a whole number from 1 to 1000000"},
        Mistake{"[load]\nconnections = '5'", "s.toml:2:15: connections: must be a whole number"},
        Mistake{"[load]\nduration = '5x'", "s.toml:2:12: duration: must be a duration such as"},
        Mistake{"[load]\nduration = 0", "s.toml:2:12: duration: must be from 1ms to 168h"},
        Mistake{"[load]\narrival = 'x'", "s.toml:2:11: arrival: must be \"uniform\" or \"poisson\""},
        Mistake{"[load]\nramp = 'x'", "s.toml:2:8: ramp: is written [FROM:]TIME"},
        Mistake{"[load]\nstep = 5", "s.toml:2:8: step: is written BY:EVERY[:LIMIT]"},
        Mistake{"[load]\nramp = 5\nstep = '1:1'", "s.toml:3:8: step: does not go together with ramp"},
        Mistake{"[load]\nthreads = 2000", "s.toml:2:11: threads: must be a whole number from 1 to 1024"},
        Mistake{"[load]\nseed = -1", "s.toml:2:8: seed: must be a whole number"},
        Mistake{"[load]\nthresholds = 'p99<1s'", "s.toml:2:14: thresholds: must be an array"},
        Mistake{"[load]\nthresholds = [1]", "s.toml:2:15: thresholds: must be strings"},
        Mistake{"[load]\nthresholds = [\n 'p99<1']", "s.toml:3:2: the threshold \"p99<1\" needs a duration"},
        Mistake{"[load]\nwarm-up = 1\nwarm_up = 2", "\"warm-up\" is given twice"}));

// Each is behind "base = 'http://h'" and "[[endpoint]]", so its first line is the third of the file.
class EndpointMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EndpointMistake, IsOneLineWithItsPlace) {
    const std::string text = std::string("base = 'http://h'\n[[endpoint]]\n") + GetParam().text;
    const Parsed<Scenario> scenario = parse_scenario(text, "s.toml");
    ASSERT_FALSE(scenario) << text;
    EXPECT_THAT(scenario.why(), HasSubstr(GetParam().why)) << text;
    EXPECT_EQ(scenario.why().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    OfAnEndpoint, EndpointMistake,
    testing::Values(
        Mistake{"", "s.toml:2:1: [[endpoint]]: needs a url or a path"},
        Mistake{"path = 'x'", "s.toml:3:8: path: the path \"x\" does not start with '/'"},
        Mistake{"path = '/'\nurl = 'http://h'", "s.toml:3:8: path: does not go together with url"},
        Mistake{"url = 'http://h:0'", "s.toml:3:7: url: the URL \"http://h:0\" has the port \"0\""},
        Mistake{"path = '/'\nwieght = 1",
                "s.toml:4:1: there is no key \"wieght\" in [[endpoint]]; there are: body,"},
        Mistake{"path = '/'\nweight = 0", "s.toml:4:10: weight: must be a number from 0.001 to 1e+06"},
        Mistake{"path = '/'\nweight = nan", "s.toml:4:10: weight: must be a number"},
        Mistake{"path = '/'\nweight = '1'", "s.toml:4:10: weight: must be a number"},
        Mistake{"path = '/'\nname = ''", "s.toml:4:8: name: must have 1 to 100 visible characters"},
        Mistake{"path = '/'\nname = \"a\\nb\"", "s.toml:4:8: name: must have"},
        Mistake{"path = '/'\nname = 1", "s.toml:4:8: name: must be a string"},
        Mistake{"path = '/'\nname = 'a'\n[[endpoint]]\npath = '/'\nname = 'a'",
                "s.toml:7:8: name: \"a\" is the name of the endpoint in line 4 already"},
        Mistake{"path = '/'\nmethod = 'GE T'", "s.toml:4:10: method: \"GE T\" is not a method"},
        Mistake{"path = '/'\nmethod = \"GET\\r\\nX\"", "is not a method"},
        Mistake{"path = '/'\nmethod = 'CONNECT'", "s.toml:4:10: method: CONNECT cannot be sent"},
        Mistake{"path = '/'\nmethod = 'TRACE'\nbody = 'x'", "s.toml:4:10: method: TRACE has no body"},
        Mistake{"path = '/'\nheaders = 1", "s.toml:4:11: headers: must be a table, or an array"},
        Mistake{"path = '/'\nheaders = { A = 1 }", "s.toml:4:17: headers: the value of A must be a string"},
        Mistake{"path = '/'\nheaders = { A = ['1', 2] }",
                "s.toml:4:23: headers: the value of A must be a string"},
        Mistake{"path = '/'\nheaders = { 'A B' = '1' }", "s.toml:4:21: \"A B\" is not a header's name"},
        Mistake{"path = '/'\nheaders = { A = \"1\\r\\nB: 2\" }",
                "s.toml:4:17: the value of A has control characters"},
        Mistake{"path = '/'\nheaders = { A = ' 1' }",
                "the value of A has control characters, or blanks at an end"},
        Mistake{"path = '/'\nheaders = { Content-Length = '1' }", "the header Content-Length cannot be set"},
        Mistake{"path = '/'\nheaders = { transfer-encoding = 'x' }",
                "the header transfer-encoding cannot be set"},
        Mistake{"path = '/'\nheaders = { Connection = 'close' }", "ask for fresh-connection = true"},
        Mistake{"path = '/'\nheaders = { Host = 'a b' }", "the value of Host is not a host"},
        Mistake{"path = '/'\nheaders = { Host = ['a', 'b'] }",
                "s.toml:4:11: headers: the header Host is given twice"},
        Mistake{"path = '/'\nheaders = [1]", "s.toml:4:12: headers: must be tables with name and value"},
        Mistake{"path = '/'\nheaders = [{ name = 'A' }]",
                "s.toml:4:12: headers: each needs a name and a value"},
        Mistake{"path = '/'\nheaders = [{ name = 'A', value = '', x = 1 }]",
                "there is no key \"x\" in headers"},
        Mistake{"path = '/'\nbody = 1", "s.toml:4:8: body: must be a string"},
        Mistake{"path = '/'\nbody = 'a'\njson = 1", "s.toml:5:8: json: does not go together with body"},
        Mistake{"path = '/'\nbody-bytes = '2G'", "s.toml:4:14: body-bytes: must be from 0 to 1G"},
        Mistake{"path = '/'\nbody-file = 'none.bin'",
                "s.toml:4:13: body-file: cannot read \"none.bin\": No such file"},
        Mistake{"path = '/'\nbody-file = '/'", "it is not a regular file"},
        Mistake{"path = '/'\njson = [inf]", "s.toml:4:8: json: JSON has no inf and no nan"},
        Mistake{"path = '/'\nchunked = true", "s.toml:4:11: chunked: needs a body"},
        Mistake{"path = '/'\nchunked = 1", "s.toml:4:11: chunked: must be true or false"},
        Mistake{"path = '/'\nsend-pace = 0", "s.toml:4:13: send-pace: must be from 1"},
        Mistake{"path = '/'\nreceive-pace = '1x'", "s.toml:4:16: receive-pace: must be a size"},
        Mistake{"path = '/'\nwebsocket = true", "s.toml:4:13: websocket: must be a table"},
        Mistake{"path = '/'\nwebsocket = { messages = 0 }", "messages: must be a whole number from 1"},
        Mistake{"path = '/'\nwebsocket = { bytes = '17M' }", "bytes: must be from 0 to 16M"},
        Mistake{"path = '/'\nwebsocket = { foo = 1 }", "s.toml:4:15: there is no key \"foo\" in websocket"},
        Mistake{"url = 'ws://h/'\nbody = 'x'", "s.toml:4:8: body: does not go together with a WebSocket"},
        Mistake{"url = 'ws://h/'\nexpect = { status = 200 }",
                "s.toml:4:10: expect: of a WebSocket only within"},
        Mistake{"path = '/'\nexpect = 200", "s.toml:4:10: expect: must be a table"},
        Mistake{"path = '/'\nexpect = { status = 99 }", "s.toml:4:21: status: must be 100 to 599"},
        Mistake{"path = '/'\nexpect = { status = '299-200' }", "status: must be 100 to 599"},
        Mistake{"path = '/'\nexpect = { status = '6xx' }", "status: must be 100 to 599"},
        Mistake{"path = '/'\nexpect = { status = [] }", "status: must have 1 to 100 elements"},
        Mistake{"path = '/'\nexpect = { status = [200, true] }",
                "s.toml:4:27: status: must be a number, a string"},
        Mistake{"path = '/'\nexpect = { body-contains = '' }", "body-contains: must have 1 to"},
        Mistake{"path = '/'\nexpect = { within = '0' }", "within: must be from 1ns"},
        Mistake{"path = '/'\nexpect = { code = 200 }", "s.toml:4:12: there is no key \"code\" in expect"}));

TEST(Scenario, TheTopmostMistakeIsReported) {
    const Parsed<Scenario> scenario =
        parse_scenario("[[endpoint]]\nurl = 'http://h'\nzzz = 1\n[load]\nrate = 0\n", "s.toml");
    EXPECT_THAT(scenario.why(), HasSubstr("s.toml:3:1: "));
}

TEST(Scenario, PathsNeedABase) {
    EXPECT_THAT(parse_scenario("[[endpoint]]\npath = '/'", "s.toml").why(),
                HasSubstr("s.toml:2:8: path: needs a base, such as base ="));
}

TEST(Scenario, ThereAreBounds) {
    std::string many;
    for (int i = 0; i < 101; ++i) many += "[[endpoint]]\nurl = 'http://h/" + std::to_string(i) + "'\n";
    EXPECT_THAT(parse_scenario(many, "s.toml").why(),
                HasSubstr("s.toml:201:1: there are more than 100 endpoints"));
    const std::string half = "[[endpoint]]\nurl = 'http://h'\nbody-bytes = '1M'\n";
    EXPECT_THAT(parse_scenario(half + "[[endpoint]]\nurl = 'http://h'\nbody-bytes = '1G'", "s.toml").why(),
                HasSubstr("s.toml:6:14: body-bytes: must be from 0 to 1023M"));
}

// Whatever is cut out of a scenario: a value or one line, and no crash.
TEST(Scenario, DamagedFilesAreValuesOrOneLine) {
    const std::string whole =
        "base = 'http://h'\nheaders = { A = '1' }\n[load]\nrate = 5\nthresholds = ['p99<1s']\n[[endpoint]]\n"
        "path = '/'\njson = { a = [1, {b = 2}] }\nexpect = { status = [200, '2xx'] }\n";
    for (std::size_t from = 0; from < whole.size(); ++from) {
        for (std::size_t length = 1; length < 24; length += 3) {
            std::string text = whole;
            text.erase(from, length);
            const Parsed<Scenario> scenario = parse_scenario(text, "s.toml");
            ASSERT_TRUE(scenario || scenario.why().find('\n') == std::string::npos) << text;
        }
    }
}

class ScenarioFile : public testing::Test {
  protected:
    ScenarioFile() {
        folder_ = std::filesystem::path(testing::TempDir()) / "baton_scenario_XXXXXX";
        std::string name = folder_.string();
        folder_ = mkdtemp(name.data());
    }
    ~ScenarioFile() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return (folder_ / name).string();
    }

    std::filesystem::path folder_;
};

TEST_F(ScenarioFile, BodiesAreBesideIt) {
    write("body.bin", std::string("a\0b\r\n", 5));
    const Parsed<Scenario> scenario =
        read_scenario(write("s.toml", "[[endpoint]]\nurl = 'http://h'\nbody-file = 'body.bin'"));
    ASSERT_TRUE(scenario) << scenario.why();
    EXPECT_EQ(scenario->endpoints.at(0).body, std::string("a\0b\r\n", 5));
}

TEST_F(ScenarioFile, ThatCannotBeReadIsOneLine) {
    const std::string missing = (folder_ / "none.toml").string();
    EXPECT_EQ(read_scenario(missing).why(), "cannot read \"" + missing + "\": No such file or directory");
    EXPECT_THAT(read_scenario(folder_.string()).why(), EndsWith("it is not a regular file"));
    const std::string large = write("large.toml", std::string((4 << 20) + 1, '#'));
    EXPECT_THAT(read_scenario(large).why(), EndsWith("it is longer than 4M"));
}

}  // namespace
}  // namespace loadgen::plan
