// What the library's serializer says, ours says too: same names, labels, types, helps and values.
#include "server/metrics/exposition.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>

namespace baton::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Parsed {
    std::map<std::string, std::string> comments;  // "# TYPE name" -> rest
    std::map<std::string, double> samples;        // "name{labels}" -> value
};

double number(const std::string& text) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    if (text == "Nan" || text == "NaN") return std::nan("");
    return std::stod(text);
}

// The library writes 16 digits, one less than it takes to get every double back; ours writes as many as
// needed.
bool close_enough(double ours, double theirs) {
    if (std::isnan(ours) || std::isnan(theirs)) return std::isnan(ours) && std::isnan(theirs);
    return ours == theirs || std::abs(ours - theirs) <= 1e-15 * std::abs(ours);
}

// Bounds are numbers too: "1e-05" and "0.00001" are the same.
std::string same_bound(const std::string& sample) {
    const std::size_t at = sample.find("le=\"");
    if (at == std::string::npos) return sample;
    const std::size_t end = sample.find('"', at + 4);
    std::ostringstream out;
    out.precision(15);
    out << sample.substr(0, at) << "le=" << number(sample.substr(at + 4, end - at - 4))
        << sample.substr(end + 1);
    return out.str();
}

Parsed parse(const std::string& text) {
    Parsed parsed;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# ")) {
            const std::size_t name_end = line.find(' ', 7);
            parsed.comments[line.substr(0, name_end)] = line.substr(name_end + 1);
            continue;
        }
        const std::size_t space = line.rfind(' ');
        const std::string sample = same_bound(line.substr(0, space));
        EXPECT_FALSE(parsed.samples.contains(sample)) << sample << " twice";
        parsed.samples[sample] = number(line.substr(space + 1));
    }
    return parsed;
}

void expect_same(const std::vector<MetricFamily>& families) {
    const Parsed ours = parse(exposition(families));
    const Parsed theirs = parse(prometheus::TextSerializer().Serialize(families));
    EXPECT_EQ(ours.comments, theirs.comments);
    ASSERT_EQ(ours.samples.size(), theirs.samples.size());
    for (const auto& [sample, value] : theirs.samples) {
        ASSERT_TRUE(ours.samples.contains(sample)) << sample;
        EXPECT_TRUE(close_enough(ours.samples.at(sample), value)) << sample;
    }
}

MetricFamily family(const char* name, MetricType type, std::vector<ClientMetric> metrics) {
    return {name, std::string("Help of ") + name, type, std::move(metrics)};
}

ClientMetric counter(double value, std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
    return metric;
}

TEST(Exposition, CountersAndGauges) {
    std::mt19937_64 random(11);
    std::vector<ClientMetric> metrics;
    for (int i = 0; i < 2'000; ++i) {
        const double value =
            std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 120);
        metrics.push_back(counter(value, {{"n", std::to_string(i)}, {"sign", "+"}}));
    }
    for (const double value : {0.0, 1.0, -1.5, 1e-9, 1e300, 123'456'789.0}) {
        metrics.push_back(counter(value, {{"n", std::to_string(metrics.size())}, {"special", "yes"}}));
    }
    expect_same({family("a_total", MetricType::Counter, metrics), family("b", MetricType::Gauge, metrics),
                 family("plain", MetricType::Gauge, {counter(4)})});
}

TEST(Exposition, EveryDoubleComesBack) {
    std::mt19937_64 random(12);
    for (int i = 0; i < 2'000; ++i) {
        const double value =
            std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 120);
        const Parsed parsed = parse(exposition({family("a", MetricType::Gauge, {counter(value)})}));
        ASSERT_EQ(parsed.samples.at("a"), value);
    }
}

TEST(Exposition, NumbersThatAreNone) {
    const double infinity = std::numeric_limits<double>::infinity();
    expect_same({family("g", MetricType::Gauge,
                        {counter(infinity, {{"v", "up"}}), counter(-infinity, {{"v", "down"}}),
                         counter(std::nan(""), {{"v", "none"}})})});
}

TEST(Exposition, Histograms) {
    std::vector<ClientMetric> metrics;
    for (int i = 0; i < 5; ++i) {
        ClientMetric metric;
        metric.label = {{"route", "/r" + std::to_string(i)}};
        std::uint64_t count = 0;
        // Different bounds from one to the next: none may be taken over.
        for (const double bound : {0.0005, 0.001 * (i + 1), 2.5, 10.0}) {
            count += static_cast<std::uint64_t>(i * 7);
            metric.histogram.bucket.push_back({count, bound});
        }
        metric.histogram.sample_count = count + 3;
        metric.histogram.sample_sum = 0.1 * i;
        metrics.push_back(metric);
    }
    ClientMetric closed = metrics[0];
    closed.label = {};
    closed.histogram.bucket.push_back(
        {closed.histogram.sample_count, std::numeric_limits<double>::infinity()});
    expect_same({family("h_seconds", MetricType::Histogram, metrics),
                 family("closed_seconds", MetricType::Histogram, {closed})});
}

TEST(Exposition, EscapesLabelsAndHelp) {
    MetricFamily odd = family("odd", MetricType::Gauge, {counter(1, {{"l", "a\\b\"c\nd \xC3\xBC"}})});
    odd.help = "back\\slash and\nnew line";
    const std::string text = exposition({odd});
    EXPECT_NE(text.find("odd{l=\"a\\\\b\\\"c\\nd \xC3\xBC\"} 1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("# HELP odd back\\\\slash and\\nnew line\n"), std::string::npos) << text;
}

TEST(Exposition, NothingIsEmpty) {
    EXPECT_EQ(exposition({}), "");
}

}  // namespace
}  // namespace baton::metrics
