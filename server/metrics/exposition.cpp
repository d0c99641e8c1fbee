#include "server/metrics/exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace baton::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string_view type_name(const MetricFamily& family) {
    switch (family.type) {
        case MetricType::Counter:
            return "counter";
        case MetricType::Gauge:
            return "gauge";
        case MetricType::Histogram:
            return "histogram";
        case MetricType::Untyped:
            return "untyped";
        default:
            break;
    }
    std::fprintf(stderr, "baton: %s has a type that cannot be written\n", family.name.c_str());
    std::abort();
}

void append_number(std::string& out, double number) {
    if (std::isnan(number)) {
        out += "NaN";
    } else if (std::isinf(number)) {
        out += number > 0 ? "+Inf" : "-Inf";
    } else {
        std::array<char, 32> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        out.append(digits.data(), end);
    }
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

// A backslash and a line feed are escaped everywhere, quotes in label values.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else {
            if (c == '\\' || (quotes && c == '"')) out += '\\';
            out += c;
        }
    }
}

// `a="b",c="d"`
void write_labels(std::string& labels, const ClientMetric& metric) {
    labels.clear();
    for (const ClientMetric::Label& label : metric.label) {
        if (!labels.empty()) labels += ',';
        labels += label.name;
        labels += "=\"";
        append_escaped(labels, label.value, true);
        labels += '"';
    }
}

template <typename Number>
void append_sample(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels,
                   Number value) {
    out += name;
    out += suffix;
    if (!labels.empty()) {
        out += '{';
        out += labels;
        out += '}';
    }
    out += ' ';
    append_number(out, value);
    out += '\n';
}

// The bounds as text, written once for all histograms of a family.
class Bounds {
  public:
    std::string_view text(std::size_t i, double bound) {
        if (i == known_.size()) known_.push_back({std::nan(""), {}});
        Bound& known = known_[i];
        if (!(known.value == bound)) {
            known.value = bound;
            known.text.clear();
            append_number(known.text, bound);
        }
        return known.text;
    }

  private:
    struct Bound {
        double value;
        std::string text;
    };
    std::vector<Bound> known_;
};

void append_bucket(std::string& out, std::string_view name, std::string_view labels, std::string_view bound,
                   std::uint64_t count) {
    out += name;
    out += "_bucket{";
    out += labels;
    if (!labels.empty()) out += ',';
    out += "le=\"";
    out += bound;
    out += "\"} ";
    append_number(out, count);
    out += '\n';
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const ClientMetric::Histogram& histogram, Bounds& bounds) {
    append_sample(out, name, "_count", labels, histogram.sample_count);
    append_sample(out, name, "_sum", labels, histogram.sample_sum);
    bool complete = false;
    for (std::size_t i = 0; i < histogram.bucket.size(); ++i) {
        const ClientMetric::Bucket& bucket = histogram.bucket[i];
        append_bucket(out, name, labels, bounds.text(i, bucket.upper_bound), bucket.cumulative_count);
        complete = std::isinf(bucket.upper_bound);
    }
    if (!complete) append_bucket(out, name, labels, "+Inf", histogram.sample_count);
}

void append_family(std::string& out, const MetricFamily& family, std::string& labels) {
    const std::string_view type = type_name(family);
    if (!family.help.empty()) {
        out += "# HELP " + family.name + ' ';
        append_escaped(out, family.help, false);
        out += '\n';
    }
    out += "# TYPE " + family.name + ' ';
    out += type;
    out += '\n';
    Bounds bounds;
    for (const ClientMetric& metric : family.metric) {
        write_labels(labels, metric);
        switch (family.type) {
            case MetricType::Counter:
                append_sample(out, family.name, "", labels, metric.counter.value);
                break;
            case MetricType::Gauge:
                append_sample(out, family.name, "", labels, metric.gauge.value);
                break;
            case MetricType::Histogram:
                append_histogram(out, family.name, labels, metric.histogram, bounds);
                break;
            default:
                append_sample(out, family.name, "", labels, metric.untyped.value);
                break;
        }
    }
}

}  // namespace

std::string exposition(const std::vector<MetricFamily>& families) {
    std::string out;
    std::string labels;
    for (const MetricFamily& family : families) append_family(out, family, labels);
    return out;
}

}  // namespace baton::metrics
