#include "server/probe/families.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "server/metrics/histogram.hpp"
#include "server/metrics/list.hpp"
#include "server/probe/report.hpp"

namespace baton::probe {

namespace {

using metrics::Metric;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// A living process publishes several times a second. What is true now it says only now.
constexpr std::int64_t kSilence = 3'000'000'000;

double seconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

MetricFamily family(Metric metric) {
    const metrics::Description& described = metrics::describe(metric);
    MetricFamily made;
    made.name = described.name;
    made.help = described.help;
    made.type = described.type == metrics::Type::counter ? MetricType::Counter
                : described.type == metrics::Type::gauge ? MetricType::Gauge
                                                         : MetricType::Histogram;
    return made;
}

// One interpreter's GIL in one process.
struct Series {
    std::string pid;
    std::string interpreter;
    const GilBook* gil = nullptr;
};

ClientMetric& add(MetricFamily& to, const Series& series, std::string_view reason = {}) {
    ClientMetric& metric = to.metric.emplace_back();
    metric.label = {{"pid", series.pid}, {"interpreter", series.interpreter}};
    if (!reason.empty()) metric.label.push_back({"reason", std::string(reason)});
    return metric;
}

template <typename Value>
MetricFamily counters(Metric metric, const std::vector<Series>& all, Value value) {
    MetricFamily made = family(metric);
    for (const Series& one : all) add(made, one).counter.value = value(*one.gil);
    return made;
}

template <typename Value>
MetricFamily gauges(Metric metric, const std::vector<Series>& all, Value value) {
    MetricFamily made = family(metric);
    for (const Series& one : all) add(made, one).gauge.value = value(*one.gil);
    return made;
}

MetricFamily histograms(Metric metric, const std::vector<Series>& all,
                        std::array<std::uint64_t, kBuckets> GilBook::* buckets, std::int64_t GilBook::* sum) {
    MetricFamily made = family(metric);
    for (const Series& one : all) {
        ClientMetric::Histogram& out = add(made, one).histogram;
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
            so_far += (one.gil->*buckets)[i];
            out.bucket.push_back({so_far, seconds(metrics::kPhaseBounds[i])});
        }
        out.sample_count = so_far + (one.gil->*buckets).back();
        out.sample_sum = seconds(one.gil->*sum);
    }
    return made;
}

MetricFamily releases(const std::vector<Series>& all) {
    MetricFamily made = family(Metric::gil_releases);
    for (const Series& one : all) {
        add(made, one, "forced").counter.value = static_cast<double>(one.gil->forced);
        add(made, one, "voluntary").counter.value = static_cast<double>(one.gil->voluntary);
    }
    return made;
}

// The latest book of each process: a program that executes another one keeps its number.
std::map<std::int64_t, const Book*> latest(const std::vector<Book>& books, std::int64_t now) {
    std::map<std::int64_t, const Book*> by_pid;
    for (const Book& book : books) {
        if (now - book.written > kKeep) continue;
        const Book*& known = by_pid[book.pid];
        if (known == nullptr || known->started < book.started) known = &book;
    }
    return by_pid;
}

}  // namespace

std::vector<MetricFamily> families(const std::vector<Book>& books, std::int64_t now) {
    std::vector<Series> all;
    std::vector<Series> living;
    MetricFamily cpu = family(Metric::process_cpu);
    for (const auto& [pid, book] : latest(books, now)) {
        ClientMetric& used = cpu.metric.emplace_back();
        used.label = {{"pid", std::to_string(pid)}};
        used.counter.value = seconds(book->cpu);
        if (book->verdict != Verdict::exact) continue;
        for (std::size_t i = 0; i < book->gil_count; ++i) {
            all.push_back({std::to_string(pid), interpreter_name(book->gils[i]), &book->gils[i]});
            if (book->ended == 0 && now - book->written < kSilence) living.push_back(all.back());
        }
    }
    std::vector<MetricFamily> made;
    made.push_back(counters(Metric::gil_held, all, [](const GilBook& gil) { return seconds(gil.held); }));
    made.push_back(
        counters(Metric::gil_waiting, all, [](const GilBook& gil) { return seconds(gil.waited); }));
    made.push_back(histograms(Metric::gil_hold, all, &GilBook::holds, &GilBook::holds_sum));
    made.push_back(histograms(Metric::gil_acquire_wait, all, &GilBook::waits, &GilBook::waits_sum));
    made.push_back(releases(all));
    made.push_back(gauges(Metric::gil_waiters, living,
                          [](const GilBook& gil) { return static_cast<double>(gil.waiters); }));
    made.push_back(gauges(Metric::gil_enabled, all, [](const GilBook&) { return 1.0; }));
    made.push_back(std::move(cpu));
    std::erase_if(made, [](const MetricFamily& one) { return one.metric.empty(); });
    return made;
}

}  // namespace baton::probe
