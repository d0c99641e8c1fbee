#include "server/admin/admin.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

#include "server/dispatch/inbox.hpp"
#include "server/metrics/list.hpp"
#include "tests/unit/admin/client.hpp"

namespace baton::admin {
namespace {

namespace json = boost::json;

class AdminTest : public testing::Test {
  protected:
    AdminTest() { server.start(); }

    metrics::Sources metric_sources() {
        return {
            .gils =
                [] {
                    metrics::GilSample gil;
                    gil.exact = true;
                    gil.held = 1'500'000'000;
                    gil.waiters = 2;
                    gil.blame = {{110, 0, 3'000'000'000}};
                    gil.longest = {{110, 750'000'000}, {0, 500'000'000}};
                    return std::vector{gil};
                },
            .threads =
                [] {
                    dispatch::ThreadReport keeper;
                    keeper.limits = {2, 64, 1};
                    keeper.reason = dispatch::ThreadReason::saturated;
                    keeper.text = "no room";
                    keeper.at = std::chrono::system_clock::time_point(std::chrono::seconds(7));
                    keeper.decisions.back() = 6;
                    return metrics::ThreadStates{
                        .running = 1, .waiting = 2, .off_gil = 3, .idle = 4, .keeper = keeper};
                },
            .queue_length =
                [this] {
                    if (books_fail) throw std::runtime_error("no books");
                    return std::size_t{9};
                },
            .runtime =
                [] { return metrics::RuntimeInfo{"0.1.0", "3.11.2", "threads", "wsgi", "latency", "exact"}; },
            .gc = [] { return std::vector{metrics::GcSample{"main", "2", {}}}; },
            .python_threads =
                [] {
                    return std::vector{metrics::PythonThread{
                        "main", "sweeper", "waiting", 5'000'000'000, 1'000'000'000, 2'000'000'000, {}}};
                },
            .party_name = [](metrics::Party party) { return "thread:" + std::to_string(party); },
            .loops =
                [] {
                    metrics::LoopSample loop{.name = "uvloop", .active = 250'000'000, .idle = 750'000'000};
                    loop.lag.buckets[0] = 100;  // up to 10 us
                    return std::vector{loop, metrics::LoopSample{.name = "asyncio"}};
                }};
    }
    Sources sources() {
        return {.observatory = observatory,
                .clocks = clocks,
                .advisor = advisor,
                .live = live,
                .readiness = [this] { return readiness.load(); },
                .config =
                    [this] {
                        if (config_fails) throw std::runtime_error("config is broken");
                        return std::string("{\"io_threads\":1}");
                    },
                .trace = {},
                .report = [this](const std::string&) { ++reports; }};
    }
    void record(const std::string& route, dispatch::Nanoseconds duration, int status) {
        dispatch::Inbox inbox([] {});
        const dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
        exchange->route_name = route;
        exchange->timeline = {
            .head = 1, .queued = 1, .claimed = 1, .done = 1 + duration, .sent = 1 + duration};
        recorder.request(*exchange, metrics::phases(exchange->timeline, exchange->books()), status);
    }
    json::value get_json(const std::string& target) {
        const Client::Response response = Client(server.port()).get(target);
        EXPECT_EQ(response.result_int(), 200U);
        EXPECT_EQ(response[http::field::content_type], "application/json");
        return json::parse(response.body());
    }

    std::atomic<Readiness> readiness{Readiness::ready};
    std::atomic<bool> config_fails{false};
    std::atomic<bool> books_fail{false};
    std::atomic<int> reports{0};
    routing::RouteTable routes;
    metrics::Shards shards{routes};
    metrics::Recorder& recorder = shards.add();
    metrics::ThreadClocks clocks;
    metrics::Observatory observatory{shards, clocks, metric_sources()};
    Live live{observatory, [this] { return readiness.load(); }};
    advisor::Advisor advisor{observatory, {.cpus = 2, .named_holds = {}}};
    Admin server{{"127.0.0.1", 0}, sources()};
};

TEST_F(AdminTest, Metrics) {
    record("/users/{id}", 3'000'000, 200);
    const Client::Response response = Client(server.port()).get("/metrics");
    EXPECT_EQ(response.result_int(), 200U);
    EXPECT_EQ(response[http::field::content_type], "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(
        response.body().find("http_server_request_duration_seconds_count{http_request_method=\"_OTHER\","
                             "http_route=\"/users/{id}\",http_response_status_code=\"200\"} 1\n"),
        std::string::npos)
        << response.body();
    for (const metrics::Description& described : metrics::list()) {
        EXPECT_NE(response.body().find("# TYPE " + std::string(described.name) + " "), std::string::npos)
            << described.name;
    }
}

TEST_F(AdminTest, HealthFollowsTheServer) {
    Client client(server.port());
    EXPECT_EQ(client.get("/livez").body(), "ok\n");
    EXPECT_EQ(client.get("/readyz").result_int(), 200U);
    readiness = Readiness::draining;
    const Client::Response draining = client.get("/readyz");
    EXPECT_EQ(draining.result_int(), 503U);
    EXPECT_EQ(draining.body(), "draining\n");
    EXPECT_EQ(client.get("/livez").result_int(), 200U);
    readiness = Readiness::starting;
    EXPECT_EQ(client.get("/readyz").body(), "starting\n");
}

TEST_F(AdminTest, Status) {
    recorder.request_started();
    recorder.connection_opened();
    recorder.websocket_message_in();
    record("fast", 1'000'000, 200);
    record("slow", 2'000'000'000, 500);
    const json::value status = get_json("/status.json");
    EXPECT_EQ(status.at("version").as_string(), "0.1.0");
    EXPECT_EQ(status.at("python").as_string(), "3.11.2");
    EXPECT_EQ(status.at("state").as_string(), "ready");
    EXPECT_EQ(status.at("pid").as_int64(), getpid());
    EXPECT_GE(status.at("uptime_seconds").as_double(), 0.0);
    EXPECT_EQ(status.at("gil").at("ledger").as_string(), "exact");
    const json::value& blame = status.at("gil").at("blame").at(0);
    EXPECT_EQ(blame.at("waiting").as_string(), "thread:110");
    EXPECT_EQ(blame.at("holding").as_string(), "_OTHER");
    EXPECT_DOUBLE_EQ(blame.at("seconds").as_double(), 3.0);
    EXPECT_EQ(status.at("gil").at("longest_holds").at(0).at("holding").as_string(), "thread:110");
    EXPECT_EQ(status.at("gil").at("gc").at(0).at("collections").to_number<int>(), 0);
    const json::value& thread = status.at("python_threads").at(0);
    EXPECT_EQ(thread.at("name").as_string(), "sweeper");
    EXPECT_EQ(thread.at("doing").as_string(), "waiting");
    EXPECT_DOUBLE_EQ(thread.at("for_seconds").as_double(), 5.0);
    EXPECT_TRUE(thread.at("route").is_null());
    EXPECT_DOUBLE_EQ(status.at("gil").at("interpreters").at(0).at("held_seconds").as_double(), 1.5);
    const json::value& threads = status.at("threads");
    EXPECT_EQ(threads.at("off_gil").to_number<int>(), 3);
    EXPECT_EQ(threads.at("size").to_number<int>(), 10);
    EXPECT_EQ(threads.at("min").to_number<int>(), 2);
    EXPECT_EQ(threads.at("max").to_number<int>(), 64);
    EXPECT_TRUE(threads.at("automatic").as_bool());
    EXPECT_EQ(threads.at("decision").as_string(), "hold");
    EXPECT_EQ(threads.at("reason").as_string(), "saturated");
    EXPECT_EQ(threads.at("text").as_string(), "no room");
    EXPECT_DOUBLE_EQ(threads.at("at").as_double(), 7.0);
    EXPECT_EQ(status.at("queue_length").to_number<int>(), 9);
    EXPECT_EQ(status.at("websockets").at("open").to_number<int>(), 0);
    EXPECT_EQ(status.at("websockets").at("messages_received").to_number<int>(), 1);
    EXPECT_EQ(status.at("websockets").at("messages_sent").to_number<int>(), 0);
    EXPECT_EQ(status.at("requests").at("active").to_number<int>(), 1);
    EXPECT_EQ(status.at("requests").at("total").to_number<int>(), 2);
    EXPECT_EQ(status.at("connections").at("active").to_number<int>(), 1);
    const json::array& top = status.at("routes").as_array();
    ASSERT_EQ(top.size(), 2U);
    EXPECT_EQ(top[0].at("route").as_string(), "slow");  // the most time first
    EXPECT_EQ(top[0].at("server_errors").to_number<int>(), 1);
    EXPECT_DOUBLE_EQ(top[0].at("seconds").as_double(), 2.0);
    EXPECT_DOUBLE_EQ(top[0].at("phase_seconds").at("off_gil").as_double(), 2.0);
}

TEST_F(AdminTest, StatusShowsEveryEventLoop) {
    const json::value loops = get_json("/status.json").at("event_loops");
    ASSERT_EQ(loops.as_array().size(), 2U);
    EXPECT_EQ(loops.at(0).at("interpreter").as_string(), "main");
    EXPECT_EQ(loops.at(0).at("name").as_string(), "uvloop");
    EXPECT_DOUBLE_EQ(loops.at(0).at("active_seconds").as_double(), 0.25);
    EXPECT_DOUBLE_EQ(loops.at(0).at("idle_seconds").as_double(), 0.75);
    EXPECT_DOUBLE_EQ(loops.at(0).at("active_share").as_double(), 0.25);
    EXPECT_DOUBLE_EQ(loops.at(0).at("lag_p50_seconds").as_double(), 5e-6);
    EXPECT_DOUBLE_EQ(loops.at(0).at("lag_p99_seconds").as_double(), 9.9e-6);
    // One that has not begun yet.
    EXPECT_TRUE(loops.at(1).at("active_share").is_null());
    EXPECT_TRUE(loops.at(1).at("lag_p99_seconds").is_null());
}

TEST_F(AdminTest, TheIndexHasALineForEveryEventLoop) {
    const std::string html = Client(server.port()).get("/").body();
    EXPECT_NE(html.find("<li>main (uvloop): lag p50 0.005 ms, p99 0.0099 ms, active 25 %</li>"),
              std::string::npos)
        << html;
    EXPECT_NE(html.find("<li>main (asyncio): lag p50 -, p99 -, active -</li>"), std::string::npos) << html;
}

TEST_F(AdminTest, StatusShowsTheTopAndRoutesAll) {
    for (int i = 0; i < 30; ++i) record("route" + std::to_string(i), (i + 1) * 1'000'000, 200);
    EXPECT_EQ(get_json("/status.json").at("routes").as_array().size(), 20U);
    const json::value all = get_json("/routes.json");
    ASSERT_EQ(all.as_array().size(), 30U);
    EXPECT_EQ(all.at(0).at("route").as_string(), "route29");
}

TEST_F(AdminTest, TheConfigurationIsGivenAsItIs) {
    EXPECT_EQ(get_json("/config.json").at("io_threads").to_number<int>(), 1);
}

TEST_F(AdminTest, APageThatFailsIsA500AndTheServerGoesOn) {
    config_fails = true;
    Client client(server.port());
    EXPECT_EQ(client.get("/config.json").result_int(), 500U);
    EXPECT_EQ(client.get("/livez").result_int(), 200U);
}

TEST_F(AdminTest, TheHistoryGoesOnAfterASecondThatFailed) {
    const auto becomes_true = [](const auto& condition) {
        for (int i = 0; i < 2000 && !condition(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return condition();
    };
    books_fail = true;
    ASSERT_TRUE(becomes_true([this] { return reports > 0; }));
    books_fail = false;
    const auto samples = [this] { return get_json("/history.json").at("t").as_array().size(); };
    const std::size_t before = samples();
    EXPECT_TRUE(becomes_true([&] { return samples() > before; }));
}

TEST_F(AdminTest, TheIndexLinksToEveryPage) {
    Client client(server.port());
    const Client::Response index = client.get("/");
    EXPECT_EQ(index[http::field::content_type], "text/html; charset=utf-8");
    for (const char* path :
         {"/metrics", "/livez", "/readyz", "/status.json", "/routes.json", "/advice.json", "/config.json"}) {
        EXPECT_NE(index.body().find(std::string("href=\"") + path + "\""), std::string::npos) << path;
        EXPECT_EQ(client.get(path).result_int(), 200U) << path;
    }
}

TEST_F(AdminTest, UnknownPagesAreA404WithTheList) {
    const Client::Response response = Client(server.port()).get("/nothing");
    EXPECT_EQ(response.result_int(), 404U);
    EXPECT_NE(response.body().find("/status.json"), std::string::npos);
}

TEST_F(AdminTest, AQueryIsIgnored) {
    EXPECT_EQ(Client(server.port()).get("/livez?probe=1").result_int(), 200U);
}

TEST_F(AdminTest, EveryAnswerHasTheSafetyFields) {
    Client client(server.port());
    for (const char* path : {"/", "/metrics", "/status.json", "/nothing"}) {
        const Client::Response response = client.get(path);
        EXPECT_EQ(response[http::field::cache_control], "no-store") << path;
        EXPECT_EQ(response["X-Content-Type-Options"], "nosniff") << path;
        EXPECT_TRUE(response["Content-Security-Policy"].starts_with("default-src 'none'")) << path;
    }
}

TEST_F(AdminTest, HeadIsGetWithoutTheBody) {
    Client client(server.port());
    client.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Client::Response head = client.receive(true);
    EXPECT_EQ(head.result_int(), 200U);
    EXPECT_EQ(head[http::field::content_length], "3");
    EXPECT_EQ(client.get("/livez").body(), "ok\n");  // nothing of the first answer is left
}

TEST_F(AdminTest, OtherMethodsAreA405) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PURGE", "STRANGE"}) {
        Client client(server.port());
        client.send(std::string(method) + " /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Client::Response response = client.receive();
        EXPECT_EQ(response.result_int(), 405U) << method;
        EXPECT_EQ(response[http::field::allow], "GET, HEAD") << method;
    }
}

TEST_F(AdminTest, ABodyIsNotReadAndEndsTheConnection) {
    Client client(server.port());
    client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    const Client::Response response = client.receive();
    EXPECT_EQ(response.result_int(), 200U);
    EXPECT_FALSE(response.keep_alive());
    EXPECT_TRUE(client.closed());
}

TEST_F(AdminTest, TheAnswerSurvivesABodyThatIsStillComing) {
    for (int i = 0; i < 20; ++i) {
        Client client(server.port());
        client.send("POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" +
                    std::string(60'000, 'x'));
        EXPECT_EQ(client.receive().result_int(), 405U);
    }
}

TEST_F(AdminTest, OnLoopbackItHasLocalNamesOnly) {
    const auto status = [this](const std::string& fields) {
        Client client(server.port());
        client.send("GET /livez HTTP/1.1\r\n" + fields + "\r\n");
        return client.receive().result_int();
    };
    EXPECT_EQ(status("Host: 127.0.0.1:9180\r\n"), 200U);
    EXPECT_EQ(status(""), 200U);
    EXPECT_EQ(status("Host: rebound.example\r\n"), 421U);
    EXPECT_EQ(status("Host: localhost\r\nHost: rebound.example\r\n"), 421U);
    Client client(server.port());
    client.send("GET /livez HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    EXPECT_EQ(client.receive().body(),
              "this address is called localhost, or by its number, and not as the Host says\n");
    EXPECT_EQ(client.get("/livez").body(), "ok\n") << "the connection goes on";
}

TEST_F(AdminTest, ElsewhereItHasAnyName) {
    server.stop();  // two would take the samples
    Admin open({"0.0.0.0", 0}, sources());
    open.start();
    Client client(open.port());
    client.send("GET /livez HTTP/1.1\r\nHost: baton:9180\r\n\r\n");
    EXPECT_EQ(client.receive().body(), "ok\n");
}

TEST_F(AdminTest, NoPageOfAnotherSiteStartsAnything) {
    for (const auto& [path, site, status] :
         {std::tuple{"/trace?seconds=60", "cross-site", 403U}, std::tuple{"/events", "cross-site", 403U},
          std::tuple{"/trace?seconds=60", "same-origin", 503U}, std::tuple{"/livez", "cross-site", 200U}}) {
        Client client(server.port());
        client.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: " + site +
                    "\r\n\r\n");
        const Client::Response response = client.receive();
        EXPECT_EQ(response.result_int(), status) << path << ' ' << site;
        EXPECT_EQ(response["Cross-Origin-Resource-Policy"], "same-origin");
    }
}

TEST_F(AdminTest, KeepAliveAndPipelining) {
    Client client(server.port());
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.get("/livez").keep_alive());
    client.send(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: "
        "localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.receive().result_int(), 200U);
    EXPECT_FALSE(client.receive().keep_alive());
    EXPECT_TRUE(client.closed());
}

TEST_F(AdminTest, Http10Closes) {
    Client client(server.port());
    client.send("GET /livez HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.receive().body(), "ok\n");
    EXPECT_TRUE(client.closed());
}

TEST_F(AdminTest, NonsenseIsA400) {
    Client client(server.port());
    client.send("this is not HTTP\r\n\r\n");
    EXPECT_EQ(client.receive().result_int(), 400U);
    EXPECT_TRUE(client.closed());
}

TEST_F(AdminTest, AHeadThatIsTooLargeIsA431) {
    Client client(server.port());
    client.send("GET /livez HTTP/1.1\r\nX: " + std::string(8 * 1024, 'x'));
    EXPECT_EQ(client.receive().result_int(), 431U);
}

TEST_F(AdminTest, AnAddressThatIsTakenIsReported) {
    try {
        const Admin second({"127.0.0.1", server.port()}, sources());
        FAIL() << "two servers on one port";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), EADDRINUSE);
        EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(server.port())),
                  std::string::npos);
    }
    EXPECT_THROW(Admin({"no such host", 0}, sources()), std::system_error);
}

TEST_F(AdminTest, StopsWithClientsConnected) {
    Client idle(server.port());
    Client half(server.port());
    half.send("GET /li");
    EXPECT_EQ(idle.get("/livez").result_int(), 200U);
    server.stop();
    server.stop();  // again is harmless
    EXPECT_GT(clocks.by_role()[static_cast<std::size_t>(metrics::Role::admin)], 0);
}

TEST_F(AdminTest, TheUrlLeadsThere) {
    EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()) + "/");
}

}  // namespace
}  // namespace baton::admin
