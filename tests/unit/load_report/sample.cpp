#include "tests/unit/load_report/sample.hpp"

#include <utility>

namespace sample {

using namespace loadgen;
using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

// `count` answers, of which each takes 10 us more than the one before, modulo 1 ms.
void answer(result::Sum& sum, std::uint64_t count, Nanoseconds service, Nanoseconds queued) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const Nanoseconds took = service + microseconds(10) * static_cast<std::int64_t>(i % 100);
        sum.service.record(took);
        sum.response.record(took + queued);
    }
    sum.due += count;
    sum.sent += count;
    sum.answered += count;
    sum.statuses[200] += count;
    sum.bytes_in += count * 250;
    sum.bytes_out += count * 80;
}

result::Second second(const result::Sum& of_all, std::uint64_t parts, double cpu) {
    result::Second made;
    made.due = of_all.due / parts;
    made.answered = of_all.answered / parts;
    made.errors = of_all.errors() / parts;
    for (const auto& [status, count] : of_all.statuses) made.statuses[status] = count / parts;
    made.in_flight = 2;
    made.response = result::brief_of(of_all.response.cells());
    made.service = result::brief_of(of_all.service.cells());
    made.cpu = cpu;
    return made;
}

// As many as there are seconds.
std::vector<result::Stretch> stretches(const result::Sum& of_all, std::uint32_t seconds) {
    std::vector<result::Stretch> made;
    for (std::uint32_t i = 0; i < seconds; ++i)
        made.push_back({i, 1, of_all.response.cells(), of_all.service.cells()});
    return made;
}

report::Environment machine() {
    report::Environment made;
    made.version = "0.1.0";
    made.kernel = "Linux 6.1.0 x86_64";
    made.cpu_model = "A processor @ 3.00GHz";
    made.cores = 2;
    made.load_before = {0.5, 0.25, 0.125};
    made.load_after = {1.5, 0.5, 0.25};
    made.argv = {"baton-load", "run", "--rate", "500", "http://127.0.0.1:8000/io?ms=2"};
    return made;
}

result::Kept kept(std::string text, std::string metric, double value, std::optional<double> actual,
                  bool well) {
    plan::Threshold threshold;
    threshold.text = std::move(text);
    threshold.metric = std::move(metric);
    threshold.value = value;
    return {threshold, actual, well};
}

}  // namespace

plan::Endpoint endpoint(std::string name, std::string path) {
    plan::Endpoint made;
    made.name = std::move(name);
    made.target.host = "127.0.0.1";
    made.target.port = "8000";
    made.target.authority = "127.0.0.1:8000";
    made.target.path = std::move(path);
    return made;
}

report::Report open_run() {
    report::Report made;
    made.environment = machine();
    made.result.started = "2026-01-02T03:04:05Z";
    plan::Plan& plan = made.result.plan;
    plan.endpoints = {endpoint("/io", "/io?ms=2")};
    plan.load.model = plan::Model::open;
    plan.load.profile = {{0, 500}};
    plan.load.connections = 100;
    plan.load.duration = seconds(10);
    plan.load.warm_up = seconds(1);
    plan.load.timeout = seconds(30);
    made.result.endpoints.resize(1);
    answer(made.result.endpoints[0], 5000, microseconds(2000), microseconds(1000));
    made.result.all = made.result.endpoints[0];
    made.result.seconds.assign(10, second(made.result.all, 10, 0.125));
    made.result.stretches = stretches(made.result.all, 10);
    made.result.self.wall = 10;
    made.result.self.cpu = 1.25;
    made.result.self.busiest = 0.125;
    made.result.self.opened = 17;
    for (int i = 0; i < 5000; ++i) made.result.self.late.record(microseconds(50));
    return made;
}

report::Report closed_run() {
    report::Report made;
    made.environment = machine();
    made.result.started = "2026-01-02T03:04:05Z";
    plan::Plan& plan = made.result.plan;
    plan.endpoints = {endpoint("/io", "/io"), endpoint("/slow", "/slow")};
    plan.load.model = plan::Model::closed;
    plan.load.connections = 8;
    plan.load.duration = seconds(2);
    made.result.endpoints.resize(2);
    answer(made.result.endpoints[0], 2000, microseconds(2000), microseconds(0));
    result::Sum& slow = made.result.endpoints[1];
    answer(slow, 50, microseconds(100'000), microseconds(0));
    slow.due += 4;
    slow.sent += 4;
    slow.answered += 3;
    slow.statuses[500] = 3;
    slow.failures[static_cast<std::size_t>(result::Failure::unexpected)] = 3;
    slow.failures[static_cast<std::size_t>(result::Failure::timeout)] = 1;
    for (int i = 0; i < 3; ++i) slow.failed.record(microseconds(700));
    made.result.all = made.result.endpoints[0];
    made.result.all.add(slow);
    made.result.seconds.assign(2, second(made.result.all, 2, 0.5));
    made.result.stretches = stretches(made.result.all, 2);
    made.result.self.wall = 2;
    made.result.self.cpu = 1;
    made.result.self.busiest = 0.5;
    made.result.self.opened = 8;
    made.verdict.thresholds = {kept("p99<50ms", "p99", 0.05, 0.1, false),
                               kept("errors<1%", "errors", 0.01, 0.002, true),
                               kept("p99.9<1s", "p99.9", 1, std::nullopt, false)};
    made.verdict.warnings = {"The load average was high."};
    made.verdict.bottlenecks = {"A thread was busy all the time."};
    made.verdict.own = true;
    return made;
}

books::Books server() {
    books::Books made;
    made.wall = 10;
    made.requests = 5000;
    made.cpu = 2.5;
    made.rejected = 3;
    made.runtime = {{"python_version", "3.11.2"}, {"mode", "gil"}};
    made.gils = {{"0", 1.25, 0.5, 12000, 40}};
    made.routes = {{"/io",
                    4900,
                    12.25,
                    {{"queue", 0.49}, {"gil_wait", 0.98}, {"gil_hold", 0.98}, {"off_gil", 9.8}},
                    1.5},
                   {"/other", 100, 0.1, {{"gil_hold", 0.1}}, 0.1}};
    made.thread_cpu = {{"io", 0.5}, {"interpreter", 2}};
    return made;
}

}  // namespace sample
