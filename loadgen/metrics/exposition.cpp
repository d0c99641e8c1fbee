#include "loadgen/metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace loadgen::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
  public:
    void counter(Labels labels, double value) { add(std::move(labels)).counter.value = value; }
    void gauge(Labels labels, double value) { add(std::move(labels)).gauge.value = value; }
    void histogram(Labels labels, const stats::Histogram& values);

    // What is added from now on belongs to it.
    void begin(std::string name, std::string help, MetricType type) {
        all_.push_back({"baton_load_" + std::move(name), std::move(help), type, {}});
    }
    std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

  private:
    ClientMetric& add(Labels labels) {
        ClientMetric& made = all_.back().metric.emplace_back();
        made.label = std::move(labels);
        return made;
    }
    std::vector<MetricFamily> all_;
};

// A cell that a bound divides counts above it: at most 0.1 % of the bound is in the wrong bucket.
void Families::histogram(Labels labels, const stats::Histogram& values) {
    ClientMetric::Histogram& made = add(std::move(labels)).histogram;
    const stats::Cells cells = values.cells();
    made.sample_count = cells.total;
    made.sample_sum = cells.sum;
    auto next = cells.counts.begin();
    std::uint64_t below = 0;
    for (const double bound : kLatencyBounds) {
        while (next != cells.counts.end() && seconds_of(stats::Histogram::highest_of(next->first)) <= bound)
            below += next++->second;
        made.bucket.push_back({below, bound});
    }
}

struct Run {
    const plan::Plan& plan;
    const result::Collector::Progress& progress;

    // `add` is called with each endpoint's label and sum.
    template <typename Add>
    void each(const Add& add) const {
        for (std::size_t i = 0; i < plan.endpoints.size(); ++i)
            add({"endpoint", plan.endpoints[i].name}, progress.endpoints[i]);
    }
};

void requests(Families& out, const Run& run) {
    using Label = ClientMetric::Label;
    using result::Sum;
    out.begin("due_total", "Requests that became due.", MetricType::Counter);
    run.each([&](const Label& at, const Sum& sum) { out.counter({at}, static_cast<double>(sum.due)); });
    out.begin("requests_total", "Requests that have ended, with an answer or without.", MetricType::Counter);
    run.each([&](const Label& at, const Sum& sum) { out.counter({at}, static_cast<double>(sum.ended())); });
    out.begin("errors_total", "Of these, the ones that ended without the expected answer.",
              MetricType::Counter);
    run.each([&](const Label& at, const Sum& sum) {
        // All of them from the start: a counter that appears with its first error has no rate for it.
        for (std::size_t kind = 1; kind < result::kFailures; ++kind) {
            const auto name = result::name_of(static_cast<result::Failure>(kind));
            out.counter({at, {"failure", std::string(name)}}, static_cast<double>(sum.failures[kind]));
        }
    });
    out.begin("sent_again_total", "Requests sent a second time, as an idle connection had been closed.",
              MetricType::Counter);
    run.each([&](const Label& at, const Sum& sum) { out.counter({at}, static_cast<double>(sum.again)); });
    out.begin("responses_total", "Complete answers by status, expected or not.", MetricType::Counter);
    run.each([&](const Label& at, const Sum& sum) {
        for (const auto& [status, count] : sum.statuses)
            out.counter({at, {"http_response_status_code", std::to_string(status)}},
                        static_cast<double>(count));
    });
}

void latencies(Families& out, const Run& run) {
    using Label = ClientMetric::Label;
    using result::Sum;
    out.begin("response_seconds",
              "Due to last byte; what was given up counts with its wait. Nothing in the closed model.",
              MetricType::Histogram);
    run.each([&](const Label& at, const Sum& sum) { out.histogram({at}, sum.response); });
    out.begin("service_seconds", "Sent to last byte, of the same requests.", MetricType::Histogram);
    run.each([&](const Label& at, const Sum& sum) { out.histogram({at}, sum.service); });
}

// Of the last second that all workers have handed over.
const result::RecentSecond* last_complete(const result::Collector::Progress& progress) {
    const auto& seconds = progress.seconds;
    return seconds.size() < 2 ? nullptr : &seconds[seconds.size() - 2];
}

void now(Families& out, const Run& run, Stage stage) {
    const result::RecentSecond* const last = stage == Stage::running ? last_complete(run.progress) : nullptr;
    const auto of_last = [&](const auto& value) { return last == nullptr ? 0.0 : value(*last); };
    out.begin("in_flight", "Requests that had been sent and not ended, at the end of the last second.",
              MetricType::Gauge);
    out.gauge({}, of_last([](const auto& second) { return static_cast<double>(second.in_flight); }));
    out.begin("offered_rate", "Requests that became due in the last second.", MetricType::Gauge);
    out.gauge({}, of_last([](const auto& second) { return static_cast<double>(second.due); }));
    out.begin("running", "1 while the run is under way.", MetricType::Gauge);
    out.gauge({}, stage == Stage::running ? 1 : 0);
    out.begin("info", "Always 1.", MetricType::Gauge);
    out.gauge({{"model", run.plan.load.model == plan::Model::open ? "open" : "closed"}}, 1);
}

void itself(Families& out, const Run& run) {
    const result::Self& self = run.progress.self;
    out.begin("bytes_total", "Of requests sent and answers received.", MetricType::Counter);
    out.counter({{"direction", "received"}}, static_cast<double>(run.progress.all.bytes_in));
    out.counter({{"direction", "sent"}}, static_cast<double>(run.progress.all.bytes_out));
    out.begin("connections_total", "Connections opened.", MetricType::Counter);
    out.counter({}, static_cast<double>(self.opened));
    out.begin("cpu_seconds_total", "CPU time of the generator's own threads.", MetricType::Counter);
    out.counter({}, self.cpu);
    out.begin("connect_seconds", "Opening a connection, TLS and upgrade included.", MetricType::Histogram);
    out.histogram({}, self.connect);
    out.begin("late_seconds", "The generator's own delay: due to taken up.", MetricType::Histogram);
    out.histogram({}, self.late);
    out.begin("blocked_seconds", "Taken up to sent, when no connection was free.", MetricType::Histogram);
    out.histogram({}, self.blocked);
}

}  // namespace

std::string to_text(const plan::Plan& plan, const result::Collector::Progress& progress, Stage stage) {
    Families out;
    const Run run{plan, progress};
    requests(out, run);
    latencies(out, run);
    now(out, run, stage);
    itself(out, run);
    return out.text();
}

}  // namespace loadgen::metrics
