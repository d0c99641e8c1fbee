#include "server/metrics/collector.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "server/metrics/list.hpp"
#include "tests/unit/metrics/requests.hpp"

namespace baton::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class CollectorTest : public testing::Test {
  protected:
    Sources sources() {
        return {
            .gils = [this] { return gils; },
            .threads =
                [] {
                    dispatch::ThreadReport keeper;
                    keeper.limits = {2, 64, 1};
                    keeper.reason = dispatch::ThreadReason::saturated;
                    keeper.text = "no room";
                    keeper.at = std::chrono::system_clock::time_point(std::chrono::seconds(7));
                    keeper.decisions.back() = 6;
                    return ThreadStates{
                        .running = 1, .waiting = 2, .off_gil = 3, .idle = 4, .keeper = keeper};
                },
            .queue_length = [] { return std::size_t{5}; },
            .runtime = [] { return RuntimeInfo{"0.1.0", "3.11.2", "threads", "wsgi", "latency", "exact"}; },
            .gc = [] { return std::vector{GcSample{"main", "2", {}}}; },
            .python_threads = [] { return std::vector<PythonThread>{}; },
            .party_name = [](Party party) { return "thread:" + std::to_string(party); },
            .loops = [this] { return loops; }};
    }
    static GilSample gil() {
        GilSample sample;
        sample.exact = true;
        sample.held = 2'500'000'000;
        sample.waiting = 500'000'000;
        sample.holds.buckets[0] = 7;
        sample.holds.buckets.back() = 2;
        sample.holds.sum = 2'500'000'000;
        sample.forced = 3;
        sample.voluntary = 6;
        sample.waiters = 1;
        sample.blame = {{1, 110, 250'000'000}, {0, 0, 1'000'000'000}};
        sample.longest = {{1, 40'000'000}, {110, 50'000'000}};
        return sample;
    }
    std::map<std::string, MetricFamily> collect() {
        std::map<std::string, MetricFamily> by_name;
        for (MetricFamily& family : Collector(observatory).Collect()) {
            EXPECT_FALSE(by_name.contains(family.name)) << family.name << " twice";
            by_name[family.name] = std::move(family);
        }
        return by_name;
    }
    void record(int status = 200) {
        const dispatch::ExchangePtr made = exchange("GET", "/users/7");
        made->timeline = {.head = 1, .queued = 2, .claimed = 1'000'001, .done = 3'000'001, .sent = 3'000'001};
        recorder.request(*made, phases(made->timeline, made->books()), status);
    }

    static LoopSample loop() {
        LoopSample sample{
            .interpreter = "main", .name = "uvloop", .active = 1'500'000'000, .idle = 500'000'000};
        sample.lag.buckets[0] = 3;
        sample.lag.buckets.back() = 1;
        sample.lag.sum = 6'000'000'000;
        return sample;
    }
    // A request that an event loop has served.
    void record_by_loop() {
        static const dispatch::Mount mount{.prefix = "", .by_loop = true};
        const dispatch::ExchangePtr made = exchange("GET", "/async");
        made->mount = &mount;
        made->timeline = {.head = 1, .queued = 1, .claimed = 1, .done = 3'000'001, .sent = 3'000'001};
        recorder.request(*made, phases(made->timeline, {.ready = 1'000'000}), 200);
    }

    std::vector<GilSample> gils{gil()};
    std::vector<LoopSample> loops{loop()};
    routing::RouteTable routes;
    Shards shards{routes};
    Recorder& recorder = shards.add();
    ThreadClocks clocks;
    Observatory observatory{shards, clocks, sources()};
};

std::map<std::string, double> by_label(const MetricFamily& family) {
    std::map<std::string, double> values;
    for (const ClientMetric& metric : family.metric) {
        values[metric.label.back().value] =
            family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
    }
    return values;
}

TEST_F(CollectorTest, EmitsTheListAndNothingElse) {
    record();
    const auto families = collect();
    std::set<std::string> listed;
    for (const Description& described : list()) {
        const std::string name(described.name);
        listed.insert(name);
        ASSERT_TRUE(families.contains(name)) << name << " is listed but not emitted";
        const MetricFamily& family = families.at(name);
        EXPECT_EQ(family.help, described.help);
        for (const ClientMetric& metric : family.metric) {
            ASSERT_EQ(metric.label.size(), described.label_count()) << name;
            for (std::size_t i = 0; i < metric.label.size(); ++i) {
                EXPECT_EQ(metric.label[i].name, described.labels[i]);
            }
        }
        const MetricType type = described.type == Type::counter ? MetricType::Counter
                                : described.type == Type::gauge ? MetricType::Gauge
                                                                : MetricType::Histogram;
        EXPECT_EQ(family.type, type) << name;
    }
    for (const auto& [name, family] : families)
        EXPECT_TRUE(listed.contains(name)) << name << " is not listed";
}

TEST_F(CollectorTest, CountersEndInTotalAndNothingElseDoes) {
    for (const Description& described : list()) {
        EXPECT_EQ(described.name.ends_with("_total"), described.type == Type::counter) << described.name;
        if (described.type == Type::histogram) {
            EXPECT_TRUE(described.name.ends_with("_seconds"));
        }
        EXPECT_FALSE(described.help.empty());
    }
}

TEST_F(CollectorTest, RequestsInSeconds) {
    record();
    const auto families = collect();
    const MetricFamily& durations = families.at("http_server_request_duration_seconds");
    ASSERT_EQ(durations.metric.size(), 1U);
    const ClientMetric& metric = durations.metric[0];
    EXPECT_EQ(metric.label[0].value, "GET");
    EXPECT_EQ(metric.label[1].value, "/users/{id}");
    EXPECT_EQ(metric.label[2].value, "200");
    EXPECT_EQ(metric.histogram.sample_count, 1U);
    EXPECT_DOUBLE_EQ(metric.histogram.sample_sum, 0.003);
    ASSERT_EQ(metric.histogram.bucket.size(), kRequestBounds.size());
    EXPECT_DOUBLE_EQ(metric.histogram.bucket[0].upper_bound, 0.0005);
    EXPECT_EQ(metric.histogram.bucket[2].cumulative_count, 0U);  // up to 2.5 ms
    EXPECT_EQ(metric.histogram.bucket[3].cumulative_count, 1U);  // up to 5 ms
    EXPECT_EQ(metric.histogram.bucket.back().cumulative_count, 1U);

    const MetricFamily& phases = families.at("baton_request_phase_seconds");
    ASSERT_EQ(phases.metric.size(), kPhases - 1);  // no thread is ever `ready`
    double parts = 0.0;
    for (const ClientMetric& phase : phases.metric) {
        EXPECT_NE(phase.label[1].value, "ready");
        parts += phase.histogram.sample_sum;
    }
    EXPECT_NEAR(parts, 0.003, 1e-12);
}

TEST_F(CollectorTest, ResponsesByClassAreThereBeforeTheFirst) {
    EXPECT_EQ(by_label(collect().at("baton_responses_total")),
              (std::map<std::string, double>{
                  {"1xx", 0}, {"2xx", 0}, {"3xx", 0}, {"4xx", 0}, {"5xx", 0}, {"_OTHER", 0}}));
    for (const int status : {101, 200, 204, 304, 404, 499, 500, 511, 599, 42}) record(status);
    EXPECT_EQ(by_label(collect().at("baton_responses_total")),
              (std::map<std::string, double>{
                  {"1xx", 1}, {"2xx", 2}, {"3xx", 1}, {"4xx", 2}, {"5xx", 2}, {"_OTHER", 2}}));
}

TEST_F(CollectorTest, ReadyIsThereForRoutesThatAnEventLoopServes) {
    record();
    record_by_loop();
    const auto families = collect();
    std::map<std::string, double> ready;
    double async = 0.0;
    for (const ClientMetric& phase : families.at("baton_request_phase_seconds").metric) {
        const std::string& route = phase.label[0].value;
        if (phase.label[1].value == "ready") ready[route] = phase.histogram.sample_sum;
        if (route == "/async") async += phase.histogram.sample_sum;
    }
    EXPECT_EQ(ready, (std::map<std::string, double>{{"/async", 0.001}}));
    EXPECT_NEAR(async, 0.003, 1e-12);
}

TEST_F(CollectorTest, EventLoops) {
    const auto families = collect();
    const MetricFamily& lag = families.at("baton_event_loop_lag_seconds");
    ASSERT_EQ(lag.metric.size(), 1U);
    EXPECT_EQ(lag.metric[0].label[0].value, "main");
    EXPECT_EQ(lag.metric[0].histogram.sample_count, 4U);
    EXPECT_DOUBLE_EQ(lag.metric[0].histogram.sample_sum, 6.0);
    EXPECT_EQ(lag.metric[0].histogram.bucket.back().cumulative_count, 3U);
    EXPECT_EQ(by_label(families.at("baton_event_loop_time_seconds_total")),
              (std::map<std::string, double>{{"active", 1.5}, {"idle", 0.5}}));
}

TEST_F(CollectorTest, LoopsOfOneInterpreterShareItsSeries) {
    loops.push_back(loop());
    loops.push_back(loop());
    loops.back().interpreter = "1";
    const auto families = collect();
    const MetricFamily& lag = families.at("baton_event_loop_lag_seconds");
    ASSERT_EQ(lag.metric.size(), 2U);
    EXPECT_EQ(lag.metric[0].label[0].value, "1");
    EXPECT_EQ(lag.metric[0].histogram.sample_count, 4U);
    EXPECT_EQ(lag.metric[1].label[0].value, "main");
    EXPECT_EQ(lag.metric[1].histogram.sample_count, 8U);
    std::map<std::string, double> times;
    for (const ClientMetric& metric : families.at("baton_event_loop_time_seconds_total").metric)
        times[metric.label[0].value + " " + metric.label[1].value] = metric.counter.value;
    EXPECT_EQ(times, (std::map<std::string, double>{
                         {"1 active", 1.5}, {"1 idle", 0.5}, {"main active", 3.0}, {"main idle", 1.0}}));
}

TEST_F(CollectorTest, WithoutALoopItsSeriesAreAbsent) {
    loops.clear();
    for (const auto& [name, family] : collect()) EXPECT_FALSE(name.starts_with("baton_event_loop_")) << name;
}

TEST_F(CollectorTest, WebSocketsAreCountedFromTheStart) {
    EXPECT_EQ(collect().at("baton_websockets").metric.at(0).gauge.value, 0);
    const dispatch::ExchangePtr made = exchange("GET", "/chat");
    made->timeline.head = 1;
    recorder.websocket_opened(*made, 2);
    recorder.websocket_message_in();
    recorder.websocket_message_out();
    recorder.websocket_message_out();
    const auto families = collect();
    EXPECT_EQ(families.at("baton_websockets").metric.at(0).gauge.value, 1);
    EXPECT_EQ(by_label(families.at("baton_websocket_messages_total")),
              (std::map<std::string, double>{{"received", 1}, {"sent", 2}}));
}

TEST_F(CollectorTest, TheGil) {
    const auto families = collect();
    EXPECT_DOUBLE_EQ(families.at("cpython_gil_held_seconds_total").metric[0].counter.value, 2.5);
    EXPECT_DOUBLE_EQ(families.at("cpython_gil_waiting_seconds_total").metric[0].counter.value, 0.5);
    const ClientMetric::Histogram& holds = families.at("cpython_gil_hold_seconds").metric[0].histogram;
    EXPECT_EQ(holds.sample_count, 9U);
    EXPECT_EQ(holds.bucket.back().cumulative_count, 7U);
    const auto releases = by_label(families.at("cpython_gil_releases_total"));
    EXPECT_EQ(releases, (std::map<std::string, double>{{"forced", 3}, {"voluntary", 6}}));
    EXPECT_EQ(families.at("cpython_gil_waiters").metric[0].gauge.value, 1);
    EXPECT_EQ(families.at("cpython_gil_enabled").metric[0].gauge.value, 1);
}

TEST_F(CollectorTest, WhoKeptWhomWaiting) {
    const routing::RouteId route = routes.of_name("/slow");
    ASSERT_EQ(route, 1U);
    const auto families = collect();
    std::map<std::string, double> pairs;
    for (const ClientMetric& metric : families.at("baton_gil_blame_seconds_total").metric)
        pairs[metric.label[0].value + " " + metric.label[1].value] = metric.counter.value;
    EXPECT_EQ(pairs, (std::map<std::string, double>{{"/slow thread:110", 0.25}, {"_OTHER _OTHER", 1}}));
    EXPECT_EQ(by_label(families.at("baton_gil_longest_hold_seconds")),
              (std::map<std::string, double>{{"/slow", 0.04}}));
}

TEST_F(CollectorTest, CpuTimeOfRequestsThatAThreadTook) {
    record();
    const dispatch::ExchangePtr refused = exchange("GET", "/users/8");
    refused->timeline = {.head = 1, .queued = 2, .sent = 3};
    recorder.request(*refused, phases(refused->timeline, refused->books()), 503);
    const auto families = collect();
    const MetricFamily& cpu = families.at("baton_request_cpu_seconds");
    ASSERT_EQ(cpu.metric.size(), 1U);
    EXPECT_EQ(cpu.metric[0].histogram.sample_count, 1U);
}

TEST_F(CollectorTest, WithoutAGilOrItsBooksTheSeriesAreAbsent) {
    for (const bool enabled : {true, false}) {
        gils[0].enabled = enabled;
        gils[0].exact = !enabled;
        const auto families = collect();
        EXPECT_EQ(families.at("cpython_gil_enabled").metric[0].gauge.value, enabled ? 1.0 : 0.0);
        for (const auto& [name, family] : families) {
            EXPECT_TRUE(!name.starts_with("cpython_gil_") || name == "cpython_gil_enabled") << name;
            EXPECT_FALSE(name.starts_with("baton_gil_")) << name;
        }
    }
}

TEST_F(CollectorTest, WhatTheSourcesSay) {
    recorder.rejected(Rejection::queue_full);
    const auto families = collect();
    EXPECT_EQ(families.at("baton_queue_length").metric[0].gauge.value, 5);
    EXPECT_EQ(by_label(families.at("baton_interpreter_threads")),
              (std::map<std::string, double>{{"running", 1}, {"waiting", 2}, {"off_gil", 3}, {"idle", 4}}));
    EXPECT_EQ(by_label(families.at("baton_interpreter_threads_limit")),
              (std::map<std::string, double>{{"min", 2}, {"max", 64}}));
    const auto decisions = by_label(families.at("baton_thread_decisions_total"));
    EXPECT_EQ(decisions.size(), dispatch::kThreadReasons.size());
    EXPECT_EQ(decisions.at("idle"), 6);
    const auto rejected = by_label(families.at("baton_requests_rejected_total"));
    EXPECT_EQ(rejected.size(), kRejectionNames.size());
    EXPECT_EQ(rejected.at("queue_full"), 1);
    EXPECT_EQ(rejected.at("draining"), 0);
    const MetricFamily& info = families.at("baton_runtime_info");
    EXPECT_EQ(info.metric[0].gauge.value, 1);
    EXPECT_EQ(info.metric[0].label[1].value, "3.11.2");
}

TEST_F(CollectorTest, EverySourceIsNeeded) {
    Sources incomplete = sources();
    incomplete.threads = nullptr;
    EXPECT_THROW(Observatory(shards, clocks, incomplete), std::invalid_argument);
    incomplete = sources();
    incomplete.loops = nullptr;
    EXPECT_THROW(Observatory(shards, clocks, incomplete), std::invalid_argument);
}

}  // namespace
}  // namespace baton::metrics
