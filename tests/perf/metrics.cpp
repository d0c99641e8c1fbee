// What the books of one request cost, and what a scrape costs with 100 routes (at most 5 ms:
// docs/metrics.md).
#include <benchmark/benchmark.h>
#include <prometheus/text_serializer.h>

#include <string>
#include <vector>

#include "server/dispatch/inbox.hpp"
#include "server/metrics/collector.hpp"
#include "server/metrics/exposition.hpp"
#include "server/metrics/shards.hpp"

namespace {

using namespace baton;

void finish(dispatch::Timeline& timeline, dispatch::Nanoseconds spent) {
    timeline = {.head = 1'000'000,
                .queued = 1'001'000,
                .claimed = 1'010'000,
                .done = 1'010'000 + spent,
                .sent = 1'030'000 + spent};
}

void known_path(benchmark::State& state) {
    routing::RouteTable table;
    routing::RouteCache cache(table);
    const std::string path = "/users/1234/posts";
    for (auto _ : state) benchmark::DoNotOptimize(cache.of_path(path, false));
}
BENCHMARK(known_path);

void new_path_of_known_route(benchmark::State& state) {
    routing::RouteTable table;
    routing::RouteCache cache(table);
    std::vector<std::string> paths;
    for (int i = 0; i < 100'000; ++i) paths.push_back("/users/" + std::to_string(i) + "/posts");
    std::size_t i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(cache.of_path(paths[i++ % paths.size()], false));
}
BENCHMARK(new_path_of_known_route);

void scanner(benchmark::State& state) {
    routing::RouteTable table;
    routing::RouteCache cache(table);
    const std::string path = "/wp-admin/setup-config.php";
    for (auto _ : state) benchmark::DoNotOptimize(cache.of_path(path, true));
}
BENCHMARK(scanner);

// One duration and six phases, the route given by name: no Request can be made without its parser.
void record_request(benchmark::State& state) {
    routing::RouteTable table;
    metrics::Shards shards(table);
    metrics::Recorder& recorder = shards.add();
    dispatch::Inbox inbox([] {});
    dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
    exchange->route_name = "/users/{id}/posts";
    dispatch::Nanoseconds spent = 1;
    for (auto _ : state) {
        spent = (spent * 7 + 13) % 50'000'000;
        finish(exchange->timeline, spent);
        recorder.request(*exchange, metrics::phases(exchange->timeline, exchange->books()), 200);
    }
}
BENCHMARK(record_request);

// 100 routes, each with two outcomes.
struct Full {
    routing::RouteTable table;
    metrics::Shards shards{table};
    metrics::ThreadClocks clocks;
    metrics::Observatory observatory{shards, clocks, sources()};

    static metrics::Sources sources() {
        return {.gils = [] { return std::vector{metrics::GilSample{.exact = true}}; },
                .threads = [] { return metrics::ThreadStates{}; },
                .queue_length = [] { return std::size_t{0}; },
                .runtime =
                    [] { return metrics::RuntimeInfo{"0.1.0", "3.11.2", "threads", "wsgi", "latency", ""}; },
                .gc = [] { return std::vector<metrics::GcSample>{}; },
                .python_threads = [] { return std::vector<metrics::PythonThread>{}; },
                .party_name = [](metrics::Party) { return std::string("thread"); },
                .loops = [] { return std::vector<metrics::LoopSample>{}; }};
    }
    Full() {
        metrics::Recorder& recorder = shards.add();
        dispatch::Inbox inbox([] {});
        dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
        for (int i = 0; i < 10'000; ++i) {
            exchange->route_name = "/api/v1/resource" + std::to_string(i % 100) + "/{id}";
            finish(exchange->timeline, i * 7919);
            recorder.request(*exchange, metrics::phases(exchange->timeline, exchange->books()),
                             i % 3 == 0 ? 404 : 200);
        }
    }
};

void collect(benchmark::State& state) {
    Full full;
    const metrics::Collector collector(full.observatory);
    for (auto _ : state) benchmark::DoNotOptimize(collector.Collect());
}
BENCHMARK(collect)->Unit(benchmark::kMillisecond);

void library_text(benchmark::State& state) {
    Full full;
    const auto families = metrics::Collector(full.observatory).Collect();
    for (auto _ : state) benchmark::DoNotOptimize(prometheus::TextSerializer().Serialize(families));
}
BENCHMARK(library_text)->Unit(benchmark::kMillisecond);

void own_text(benchmark::State& state) {
    Full full;
    const auto families = metrics::Collector(full.observatory).Collect();
    for (auto _ : state) benchmark::DoNotOptimize(metrics::exposition(families));
}
BENCHMARK(own_text)->Unit(benchmark::kMillisecond);

void whole_scrape(benchmark::State& state) {
    Full full;
    const metrics::Collector collector(full.observatory);
    for (auto _ : state) benchmark::DoNotOptimize(metrics::exposition(collector.Collect()));
}
BENCHMARK(whole_scrape)->Unit(benchmark::kMillisecond);

}  // namespace
