#include "server/metrics/collector.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "server/metrics/list.hpp"
#include "server/routing/route_table.hpp"

namespace baton::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
constexpr std::string_view kOtherLabel = "_OTHER";

using LabelValues = std::initializer_list<std::string_view>;

double seconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

MetricType prometheus_type(Type type) {
    switch (type) {
        case Type::counter:
            return MetricType::Counter;
        case Type::gauge:
            return MetricType::Gauge;
        case Type::histogram:
            return MetricType::Histogram;
    }
    return MetricType::Untyped;
}

// One family under construction. Families without values are left out at the end.
class Family {
  public:
    Family(std::vector<MetricFamily>& all, Metric metric) : all_(all), described_(describe(metric)) {
        family_.name = described_.name;
        family_.help = described_.help;
        family_.type = prometheus_type(described_.type);
    }
    ~Family() {
        if (!family_.metric.empty()) all_.push_back(std::move(family_));
    }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    void value(double number, LabelValues labels = {}) {
        ClientMetric& metric = add(labels);
        (described_.type == Type::counter ? metric.counter.value : metric.gauge.value) = number;
    }
    template <std::size_t N>
    void histogram(const HistogramCount<N>& count, const std::array<Nanoseconds, N>& bounds,
                   LabelValues labels) {
        ClientMetric::Histogram& out = add(labels).histogram;
        std::uint64_t so_far = 0;
        out.bucket.reserve(N + 1);
        for (std::size_t i = 0; i < N; ++i) {
            so_far += count.buckets[i];
            out.bucket.push_back({so_far, seconds(bounds[i])});
        }
        // The serializers add the +Inf bucket from the count.
        out.sample_count = so_far + count.buckets[N];
        out.sample_sum = seconds(count.sum);
    }
    void reserve(std::size_t metrics) { family_.metric.reserve(metrics); }

  private:
    ClientMetric& add(LabelValues labels) {
        if (labels.size() != described_.label_count()) {
            std::fprintf(stderr, "baton: %s has other labels\n", family_.name.c_str());
            std::abort();
        }
        ClientMetric& metric = family_.metric.emplace_back();
        metric.label.reserve(labels.size());
        std::size_t i = 0;
        for (const std::string_view label : labels) {
            metric.label.push_back({std::string(described_.labels[i++]), std::string(label)});
        }
        return metric;
    }

    std::vector<MetricFamily>& all_;
    const Description& described_;
    MetricFamily family_;
};

// A series that comes into being with its first failures shows no growth: these are there from the start.
void add_responses(std::vector<MetricFamily>& all, const Observation& seen) {
    std::array<std::uint64_t, kStatusClasses.size()> counts{};
    for (const auto& [id, route] : seen.totals.routes) {
        for (const auto& [outcome, count] : route.durations)
            counts[status_class(outcome.status)] += count.count();
    }
    Family responses(all, Metric::responses);
    for (std::size_t i = 0; i < counts.size(); ++i)
        responses.value(static_cast<double>(counts[i]), {kStatusClasses[i]});
}

void add_requests(std::vector<MetricFamily>& all, const Observation& seen) {
    {
        Family durations(all, Metric::request_duration);
        for (const auto& [id, route] : seen.totals.routes) {
            for (const auto& [outcome, count] : route.durations) {
                durations.histogram(
                    count, kRequestBounds,
                    {kMethods[outcome.method], seen.route_labels[id], status_label(outcome.status)});
            }
        }
    }
    add_responses(all, seen);
    Family(all, Metric::active_requests).value(static_cast<double>(seen.totals.active_requests));
    {
        Family phases(all, Metric::request_phase);
        phases.reserve(seen.totals.routes.size() * kPhases);
        for (const auto& [id, route] : seen.totals.routes) {
            for (std::size_t i = 0; i < kPhases; ++i) {
                // On threads there is no such phase, and its zeros would be a seventh of all series.
                if (static_cast<Phase>(i) == Phase::ready && !route.by_loop) continue;
                phases.histogram(route.phases[i], kPhaseBounds, {seen.route_labels[id], kPhaseNames[i]});
            }
        }
    }
    Family cpu(all, Metric::request_cpu);
    for (const auto& [id, route] : seen.totals.routes)
        cpu.histogram(route.cpu, kPhaseBounds, {seen.route_labels[id]});
}

template <typename Emit>
void add_gil(std::vector<MetricFamily>& all, Metric metric, const Observation& seen, Emit emit) {
    Family family(all, metric);
    for (const GilSample& gil : seen.gils) {
        if (gil.enabled && gil.exact) emit(family, gil);
    }
}

void add_gils(std::vector<MetricFamily>& all, const Observation& seen) {
    add_gil(all, Metric::gil_held, seen,
            [](Family& f, const GilSample& g) { f.value(seconds(g.held), {g.interpreter}); });
    add_gil(all, Metric::gil_waiting, seen,
            [](Family& f, const GilSample& g) { f.value(seconds(g.waiting), {g.interpreter}); });
    add_gil(all, Metric::gil_hold, seen,
            [](Family& f, const GilSample& g) { f.histogram(g.holds, kPhaseBounds, {g.interpreter}); });
    add_gil(all, Metric::gil_acquire_wait, seen,
            [](Family& f, const GilSample& g) { f.histogram(g.waits, kPhaseBounds, {g.interpreter}); });
    add_gil(all, Metric::gil_releases, seen, [](Family& f, const GilSample& g) {
        f.value(static_cast<double>(g.forced), {g.interpreter, "forced"});
        f.value(static_cast<double>(g.voluntary), {g.interpreter, "voluntary"});
    });
    add_gil(all, Metric::gil_waiters, seen,
            [](Family& f, const GilSample& g) { f.value(static_cast<double>(g.waiters), {g.interpreter}); });
    Family enabled(all, Metric::gil_enabled);
    for (const GilSample& gil : seen.gils) enabled.value(gil.enabled ? 1.0 : 0.0, {gil.interpreter});
}

// What waited for or held the GIL under a label that is the table's own belongs to what has no series.
void add_blame(std::vector<MetricFamily>& all, const Observation& seen) {
    if (!seen.has_gil_books()) return;
    Family blame(all, Metric::gil_blame);
    Nanoseconds other = seen.blame.other;
    for (const auto& [waiting, holding, time] : seen.blame.pairs) {
        if (waiting == routing::RouteTable::kOther && holding == waiting) {
            other += time;
        } else {
            blame.value(seconds(time), {seen.label(waiting), seen.label(holding)});
        }
    }
    blame.value(seconds(other), {kOtherLabel, kOtherLabel});
}

void add_longest_holds(std::vector<MetricFamily>& all, const Observation& seen) {
    if (!seen.has_gil_books()) return;
    Family longest(all, Metric::gil_longest_hold);
    for (const auto& [party, time] : seen.longest_holds) {
        if (party < seen.route_labels.size()) longest.value(seconds(time), {seen.label(party)});
    }
}

void add_collections(std::vector<MetricFamily>& all, const Observation& seen) {
    {
        Family pauses(all, Metric::gc_pause);
        for (const GcSample& gc : seen.gc)
            pauses.histogram(gc.pauses, kPhaseBounds, {gc.interpreter, gc.generation});
    }
    Family collections(all, Metric::gc_collections);
    for (const GcSample& gc : seen.gc)
        collections.value(static_cast<double>(gc.pauses.count()), {gc.interpreter, gc.generation});
}

// Loops of one interpreter share its series.
void add_loops(std::vector<MetricFamily>& all, const Observation& seen) {
    std::map<std::string_view, LoopSample> by_interpreter;
    for (const LoopSample& loop : seen.loops) {
        LoopSample& sum = by_interpreter[loop.interpreter];
        sum.lag += loop.lag;
        sum.active += loop.active;
        sum.idle += loop.idle;
    }
    {
        Family lag(all, Metric::event_loop_lag);
        for (const auto& [interpreter, sum] : by_interpreter)
            lag.histogram(sum.lag, kPhaseBounds, {interpreter});
    }
    Family time(all, Metric::event_loop_time);
    for (const auto& [interpreter, sum] : by_interpreter) {
        time.value(seconds(sum.active), {interpreter, "active"});
        time.value(seconds(sum.idle), {interpreter, "idle"});
    }
}

void add_dispatch(std::vector<MetricFamily>& all, const Observation& seen) {
    Family(all, Metric::queue_length).value(static_cast<double>(seen.queue_length));
    Family threads(all, Metric::interpreter_threads);
    threads.value(static_cast<double>(seen.threads.running), {"running"});
    threads.value(static_cast<double>(seen.threads.waiting), {"waiting"});
    threads.value(static_cast<double>(seen.threads.off_gil), {"off_gil"});
    threads.value(static_cast<double>(seen.threads.idle), {"idle"});
}

void add_keeper(std::vector<MetricFamily>& all, const dispatch::ThreadReport& keeper) {
    {
        Family limits(all, Metric::interpreter_threads_limit);
        limits.value(static_cast<double>(keeper.limits.min), {"min"});
        limits.value(static_cast<double>(keeper.limits.max), {"max"});
    }
    Family decisions(all, Metric::thread_decisions);
    for (std::size_t i = 0; i < dispatch::kThreadReasons.size(); ++i)
        decisions.value(static_cast<double>(keeper.decisions[i]), {dispatch::kThreadReasons[i]});
}

void add_network(std::vector<MetricFamily>& all, const Observation& seen) {
    {
        Family rejected(all, Metric::requests_rejected);
        for (std::size_t i = 0; i < kRejectionNames.size(); ++i) {
            rejected.value(static_cast<double>(seen.totals.rejected[i]), {kRejectionNames[i]});
        }
    }
    {
        Family connections(all, Metric::connections);
        connections.value(static_cast<double>(seen.totals.connections_active), {"active"});
        connections.value(static_cast<double>(seen.totals.connections_idle), {"idle"});
    }
    Family(all, Metric::connections_total).value(static_cast<double>(seen.totals.connections_opened));
    Family(all, Metric::websockets).value(static_cast<double>(seen.totals.websockets));
    {
        Family messages(all, Metric::websocket_messages);
        messages.value(static_cast<double>(seen.totals.websocket_messages_in), {"received"});
        messages.value(static_cast<double>(seen.totals.websocket_messages_out), {"sent"});
    }
    Family bytes(all, Metric::bytes);
    bytes.value(static_cast<double>(seen.totals.received), {"received"});
    bytes.value(static_cast<double>(seen.totals.sent), {"sent"});
}

void add_process(std::vector<MetricFamily>& all, const Observation& seen) {
    {
        Family cpu(all, Metric::thread_cpu);
        for (std::size_t i = 0; i < kRoleNames.size(); ++i)
            cpu.value(seconds(seen.cpu_by_role[i]), {kRoleNames[i]});
    }
    Family(all, Metric::requests_per_cpu_second).value(seen.requests_per_cpu_second);
    const RuntimeInfo& runtime = seen.runtime;
    Family(all, Metric::runtime_info)
        .value(1.0, {runtime.version, runtime.python_version, runtime.mode, runtime.interface,
                     runtime.gil_policy});
    const ProcessSample& process = seen.process;
    Family(all, Metric::process_cpu).value(seconds(process.cpu));
    Family(all, Metric::process_resident_memory).value(static_cast<double>(process.resident_bytes));
    Family(all, Metric::process_virtual_memory).value(static_cast<double>(process.virtual_bytes));
    Family(all, Metric::process_open_fds).value(static_cast<double>(process.open_fds));
    Family(all, Metric::process_max_fds).value(static_cast<double>(process.max_fds));
    Family(all, Metric::process_start_time).value(process.start_time);
}

}  // namespace

std::vector<MetricFamily> families(const Observation& seen) {
    std::vector<MetricFamily> all;
    all.reserve(list().size());
    add_requests(all, seen);
    add_gils(all, seen);
    add_blame(all, seen);
    add_longest_holds(all, seen);
    add_collections(all, seen);
    add_loops(all, seen);
    add_dispatch(all, seen);
    add_keeper(all, seen.threads.keeper);
    add_network(all, seen);
    add_process(all, seen);
    return all;
}

}  // namespace baton::metrics
