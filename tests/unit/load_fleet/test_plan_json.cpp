#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <string>

#include "loadgen/fleet/json_object.hpp"
#include "loadgen/fleet/plan_json.hpp"
#include "tests/unit/load_fleet/plans.hpp"

namespace loadgen::fleet {
namespace {

namespace json = boost::json;

json::value over_the_wire(const plan::Plan& plan) {
    return json::parse(json::serialize(to_json(plan)));
}

std::string why_not(const json::value& value) {
    try {
        plan_of(value);
    } catch (const Wrong& wrong) {
        return wrong.why;
    }
    return "";
}

TEST(PlanJson, ComesBackAsItWas) {
    const plan::Plan sent = full_plan();
    const plan::Plan got = plan_of(over_the_wire(sent));
    EXPECT_EQ(json::serialize(to_json(got)), json::serialize(to_json(sent)));

    ASSERT_EQ(got.endpoints.size(), 2U);
    const plan::Endpoint& http = got.endpoints[0];
    EXPECT_EQ(http.name, sent.endpoints[0].name);
    EXPECT_TRUE(http.target.tls);
    EXPECT_EQ(http.target.host, "::1");
    EXPECT_EQ(http.target.port, "8443");
    EXPECT_EQ(http.target.authority, "[::1]:8443");
    EXPECT_EQ(http.target.path, "/a%20b?c=d");
    EXPECT_EQ(http.method, "PUT");
    ASSERT_EQ(http.headers.size(), 2U);
    EXPECT_EQ(http.headers[1].name, "X-Two");
    EXPECT_EQ(http.headers[1].value, "\xe9 is no UTF-8");
    EXPECT_EQ(http.body, sent.endpoints[0].body);
    EXPECT_TRUE(http.chunked);
    EXPECT_EQ(http.weight, 0.1);
    EXPECT_TRUE(http.fresh_connection);
    EXPECT_TRUE(http.first_byte);
    EXPECT_EQ(http.pace.send, 1U);
    EXPECT_EQ(http.pace.receive, std::uint64_t{1} << 33);
    EXPECT_EQ(http.expect.statuses, sent.endpoints[0].expect.statuses);
    EXPECT_EQ(http.expect.body_contains, std::string("\0x", 2));
    EXPECT_EQ(http.expect.body_bytes, 0U);
    EXPECT_EQ(http.expect.within, Nanoseconds(123'456'789));
    const plan::Endpoint& socket = got.endpoints[1];
    EXPECT_EQ(socket.kind, plan::Kind::websocket);
    EXPECT_EQ(socket.target.unix_socket, "@abstract");
    EXPECT_EQ(socket.echo.messages, 7U);
    EXPECT_EQ(socket.echo.bytes, 1000U);
    EXPECT_FALSE(socket.echo.text);
    EXPECT_FALSE(socket.expect.body_bytes);
    EXPECT_FALSE(socket.expect.within);
}

// All agents and a run on one machine have to come to the same schedule, to the nanosecond.
TEST(PlanJson, NumbersOfTheScheduleAreExact) {
    const plan::Plan sent = full_plan();
    const plan::Load got = plan_of(over_the_wire(sent)).load;
    ASSERT_EQ(got.profile.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(got.profile[i].at, sent.load.profile[i].at);
        EXPECT_EQ(got.profile[i].rate, sent.load.profile[i].rate);
    }
    EXPECT_EQ(got.model, plan::Model::open);
    EXPECT_EQ(got.arrival, plan::Arrival::poisson);
    EXPECT_EQ(got.connections, 11U);
    EXPECT_EQ(got.duration, sent.load.duration);
    EXPECT_EQ(got.warm_up, sent.load.warm_up);
    EXPECT_EQ(got.timeout, sent.load.timeout);
    EXPECT_EQ(got.threads, 3U);
    EXPECT_EQ(got.seed, sent.load.seed);
    EXPECT_EQ(got.part, 2U);
    EXPECT_EQ(got.parts, 5U);
    EXPECT_TRUE(plan_of(over_the_wire(sent)).trust.insecure);
}

TEST(PlanJson, FilesDoNotTravel) {
    plan::Plan plan = full_plan();
    plan.trust.key = "/etc/load/key.pem";
    EXPECT_EQ(json::serialize(to_json(plan)).find("key.pem"), std::string::npos);
}

TEST(PlanJson, TheClosedModelHasNoProfile) {
    EXPECT_EQ(why_not(over_the_wire(small_plan())), "");
    json::value value = over_the_wire(full_plan());
    value.at("load").as_object()["model"] = "closed";
    EXPECT_NE(why_not(value), "");
}

struct Change {
    const char* what;
    std::function<void(json::object& plan, json::object& endpoint, json::object& load)> change;
};

class BadPlan : public testing::TestWithParam<Change> {};

TEST_P(BadPlan, IsRefused) {
    json::value value = over_the_wire(full_plan());
    json::object& plan = value.as_object();
    GetParam().change(plan, plan["endpoints"].as_array()[0].as_object(), plan["load"].as_object());
    const std::string why = why_not(value);
    EXPECT_NE(why.find(GetParam().what), std::string::npos) << why;
}

using O = json::object;
INSTANTIATE_TEST_SUITE_P(
    All, BadPlan,
    testing::Values(
        Change{"plan has", [](O& plan, O&, O&) { plan["more"] = 1; }},
        Change{"plan has no load", [](O& plan, O&, O&) { plan.erase("load"); }},
        Change{"endpoints", [](O& plan, O&, O&) { plan["endpoints"] = json::array(); }},
        Change{"endpoints", [](O& plan, O&, O&) { plan["endpoints"].as_array().resize(101, nullptr); }},
        Change{"an endpoint is not", [](O& plan, O&, O&) { plan["endpoints"].as_array()[1] = 7; }},
        Change{"method", [](O&, O& e, O&) { e["method"] = "G ET"; }},
        Change{"method", [](O&, O& e, O&) { e["method"] = "GET\r\nX: y"; }},
        Change{"kind", [](O&, O& e, O&) { e["kind"] = "gopher"; }},
        Change{"name", [](O&, O& e, O&) { e["name"] = "\x1b[2J"; }},
        Change{"body", [](O&, O& e, O&) { e["body"] = "no base64"; }},
        Change{"body", [](O&, O& e, O&) { e["body"] = "YQ"; }},
        Change{"body", [](O&, O& e, O&) { e["body"] = "===="; }},
        Change{"weight", [](O&, O& e, O&) { e["weight"] = "0"; }},
        Change{"weight", [](O&, O& e, O&) { e["weight"] = "nan"; }},
        Change{"weight", [](O&, O& e, O&) { e["weight"] = 1; }},
        Change{"weight", [](O&, O& e, O&) { e["weight"] = "1x"; }},
        Change{"path", [](O&, O& e, O&) { e["target"].as_object()["path"] = "/ HTTP/1.1"; }},
        Change{"path", [](O&, O& e, O&) { e["target"].as_object()["path"] = "no-slash"; }},
        Change{"control", [](O&, O& e, O&) { e["target"].as_object()["authority"] = "a\r\nX: y"; }},
        Change{"authority", [](O&, O& e, O&) { e["target"].as_object()["authority"] = "a b"; }},
        Change{"port", [](O&, O& e, O&) { e["target"].as_object()["port"] = "http"; }},
        Change{"port", [](O&, O& e, O&) { e["target"].as_object()["port"] = ""; }},
        Change{"Unix", [](O&, O& e, O&) { e["target"].as_object()["host"] = ""; }},
        Change{"Unix", [](O&, O& e, O&) { e["target"].as_object()["unix_socket"] = "/run/x"; }},
        Change{"headers", [](O&, O& e, O&) { e["headers"].as_array().resize(101, nullptr); }},
        Change{"headers",
               [](O&, O& e, O&) { e["headers"].as_array()[0].as_object()["name"] = "Content-Length"; }},
        // "a\r\nb"
        Change{"headers", [](O&, O& e, O&) { e["headers"].as_array()[0].as_object()["value"] = "YQ0KYg=="; }},
        Change{
            "statuses",
            [](O&, O& e, O&) { e["expect"].as_object()["statuses"] = json::array{json::array{300, 200}}; }},
        Change{"within", [](O&, O& e, O&) { e["expect"].as_object()["within"] = 0; }},
        Change{"messages", [](O&, O& e, O&) { e["echo"].as_object()["messages"] = 0; }},
        Change{"bytes", [](O&, O& e, O&) { e["echo"].as_object()["bytes"] = 1LL << 40; }},
        Change{"model", [](O&, O&, O& load) { load["model"] = "half open"; }},
        Change{"ascend", [](O&, O&, O& load) { load["profile"].as_array()[0].as_object()["at"] = "5"; }},
        Change{"rate", [](O&, O&, O& load) { load["profile"].as_array()[0].as_object()["rate"] = "-1"; }},
        Change{"connections", [](O&, O&, O& load) { load["connections"] = 0; }},
        Change{"duration", [](O&, O&, O& load) { load["duration"] = 0; }},
        Change{"duration", [](O&, O&, O& load) { load["duration"] = 1.5; }},
        Change{"timeout", [](O&, O&, O& load) { load["timeout"] = -1; }},
        Change{"threads", [](O&, O&, O& load) { load["threads"] = 100'000; }},
        Change{"parts", [](O&, O&, O& load) { load["parts"] = 2; }},
        Change{"part", [](O&, O&, O& load) { load["part"] = -1; }},
        Change{"insecure", [](O& plan, O&, O&) { plan["insecure"] = "yes"; }}));

}  // namespace
}  // namespace loadgen::fleet
