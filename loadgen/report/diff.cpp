#include "loadgen/report/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <string_view>

#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace {

using Number = std::optional<double>;
using Shown = std::function<std::string(double)>;

class Rows {
  public:
    Rows(const std::string& a, const std::string& b) : table_(1) {
        table_.row({"", printable(a, 40), printable(b, 40), "B/A"});
    }

    void add(const std::string& name, Number a, Number b, const Shown& shown) {
        if (!a && !b) return;
        const auto text = [&shown](Number number) {
            return number ? shown(*number) : std::string(kNotAvailable);
        };
        table_.row({name, text(a), text(b), ratio(a, b)});
    }
    void latencies(const std::string& row, const stats::Histogram& a, const stats::Histogram& b) {
        if (a.count() == 0 && b.count() == 0) return;
        const auto shown = [](double value) { return duration_text(value); };
        for (const Percentile& wanted : kPercentiles) {
            add(fmt::format("{} {}", row, wanted.name), at(a, wanted.fraction), at(b, wanted.fraction),
                shown);
        }
        const auto most = [](const stats::Histogram& histogram) {
            return histogram.count() > 0 ? Number(seconds_of(histogram.most())) : std::nullopt;
        };
        add(row + " max", most(a), most(b), shown);
    }
    std::string text() const { return table_.text("  "); }

  private:
    static Number at(const stats::Histogram& histogram, double fraction) {
        const auto value = result::percentile(histogram, fraction);
        return value ? Number(seconds_of(*value)) : std::nullopt;
    }
    static std::string ratio(Number a, Number b) {
        if (!a || !b) return std::string(kNotAvailable);
        if (*a == *b) return "1.00";
        return *a > 0 ? fmt::format("{:.2f}", *b / *a) : std::string("-");
    }

    Table table_;
};

Number held_per_request(const Report& report) {
    if (!report.books || report.books->gils.empty() || !(report.books->requests > 0)) return std::nullopt;
    double held = 0;
    for (const books::Gil& gil : report.books->gils) held += gil.held;
    return held / report.books->requests;
}

Number per_core(const Report& report) {
    return report.books ? report.books->requests_per_cpu_second() : std::nullopt;
}

bool same_profile(const plan::Load& a, const plan::Load& b) {
    if (a.profile.size() != b.profile.size()) return false;
    for (std::size_t i = 0; i < a.profile.size(); ++i) {
        if (a.profile[i].at != b.profile[i].at || a.profile[i].rate != b.profile[i].rate) return false;
    }
    return true;
}

bool same_pace(const plan::Pace& a, const plan::Pace& b) {
    return a.send == b.send && a.receive == b.receive;
}

bool same_echo(const plan::Echo& a, const plan::Echo& b) {
    return a.messages == b.messages && a.bytes == b.bytes && a.text == b.text;
}

std::vector<std::string_view> header_names(const plan::Endpoint& endpoint) {
    std::vector<std::string_view> names;
    for (const plan::Header& header : endpoint.headers) names.push_back(header.name);
    return names;
}

// In what, as words; where it is (host and port) does not count: two servers are what one compares.
void difference(const plan::Endpoint& a, const plan::Endpoint& b, std::set<std::string_view>& found) {
    const auto check = [&found](std::string_view what, bool same) {
        if (!same) found.insert(what);
    };
    check("name", a.name == b.name);
    check("kind", a.kind == b.kind);
    check("method", a.method == b.method);
    check("path", a.target.path == b.target.path);
    check("TLS", a.target.tls == b.target.tls);
    check("weight", a.weight == b.weight);
    check("names of headers", header_names(a) == header_names(b));
    check("size of the body", a.body_bytes() == b.body_bytes());
    check("chunking", a.chunked == b.chunked);
    check("fresh connections", a.fresh_connection == b.fresh_connection);
    check("pace", same_pace(a.pace, b.pace));
    check("WebSocket messages", same_echo(a.echo, b.echo));
    check("expectations", a.expect == b.expect);
}

// Empty: they are the same, as far as reports know.
std::string differences_of(const std::vector<plan::Endpoint>& a, const std::vector<plan::Endpoint>& b) {
    std::set<std::string_view> found;
    if (a.size() != b.size()) found.insert("number");
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) difference(a[i], b[i], found);
    return fmt::format("{}", fmt::join(found, ", "));
}

void plans(const plan::Plan& a, const plan::Plan& b, std::vector<std::string>& found) {
    const plan::Load& x = a.load;
    const plan::Load& y = b.load;
    const bool same_load = x.model == y.model && x.arrival == y.arrival && same_profile(x, y) &&
                           x.duration == y.duration && x.warm_up == y.warm_up;
    if (!same_load) found.push_back(fmt::format("The plans differ: {} | {}", model_line(a), model_line(b)));
    if (x.connections != y.connections) {
        found.push_back(fmt::format("The plans differ: {} | {} connections", x.connections, y.connections));
    }
    if (x.timeout != y.timeout) {
        found.push_back(
            fmt::format("The plans differ: timeouts of {} | {}", span_text(x.timeout), span_text(y.timeout)));
    }
    const std::string differing = differences_of(a.endpoints, b.endpoints);
    if (!differing.empty()) {
        found.push_back(
            fmt::format("The endpoints differ in {}: {} | {}", differing, target_line(a), target_line(b)));
    }
}

void machines(const Environment& a, const Environment& b, std::vector<std::string>& found) {
    const auto check = [&found](const char* what, const std::string& x, const std::string& y) {
        if (x != y) found.push_back(fmt::format("{} differ: {} | {}", what, printable(x), printable(y)));
    };
    check("The versions of baton-load", a.version, b.version);
    check("The kernels", a.kernel, b.kernel);
    check("The processors", a.cpu_model, b.cpu_model);
    check("The numbers of cores", std::to_string(a.cores), std::to_string(b.cores));
    const double busy_a = a.load_before[0] / std::max(a.cores, 1U);
    const double busy_b = b.load_before[0] / std::max(b.cores, 1U);
    // A quarter of the machine more in use by others.
    if (std::abs(busy_a - busy_b) > 0.25) {
        found.push_back(fmt::format("The machine was not equally busy before: load {:.2f} | {:.2f}",
                                    a.load_before[0], b.load_before[0]));
    }
}

void servers(const Report& a, const Report& b, std::vector<std::string>& found) {
    if (a.books.has_value() != b.books.has_value()) {
        found.push_back(fmt::format("Only {} has the server's side.", a.books ? "A" : "B"));
    }
    if (!a.books || !b.books) return;
    for (const auto& [label, value] : a.books->runtime) {
        const auto other = b.books->runtime.find(label);
        if (other == b.books->runtime.end() || other->second == value) continue;
        found.push_back(fmt::format("The servers differ in {}: {} | {}", printable(label, 40),
                                    printable(value, 40), printable(other->second, 40)));
    }
}

}  // namespace

std::vector<std::string> differences(const Report& first, const Report& second) {
    std::vector<std::string> found;
    plans(first.result.plan, second.result.plan, found);
    machines(first.environment, second.environment, found);
    servers(first, second, found);
    for (const auto* report : {&first, &second}) {
        if (report->verdict.bottlenecks.empty()) continue;
        found.push_back(
            fmt::format("In {} the load was not what was asked for, or the generator was the bottleneck.",
                        report == &first ? "A" : "B"));
    }
    return found;
}

std::string diff_text(const Report& first, const Report& second, const std::string& a, const std::string& b) {
    Rows rows("A: " + a, "B: " + b);
    const result::Result& x = first.result;
    const result::Result& y = second.result;
    const auto rate = [](double value) { return rate_text(value) + "/s"; };
    if (is_open(x.plan) && is_open(y.plan)) rows.add("rate offered", x.offered(), y.offered(), rate);
    rows.add("rate answered", x.rate(), y.rate(), rate);
    rows.add("errors", x.all.error_share(), y.all.error_share(),
             [](double share) { return percent_text(share); });
    // The rows of a closed model are not those of an open one: nothing is due there.
    if (is_open(x.plan) && is_open(y.plan)) rows.latencies("from due", x.all.response, y.all.response);
    rows.latencies("from sent", x.all.service, y.all.service);
    rows.add("requests per CPU-second", per_core(first), per_core(second), rate_text);
    rows.add("GIL held per request", held_per_request(first), held_per_request(second),
             [](double seconds) { return duration_text(seconds); });
    std::string text = rows.text();
    for (const std::string& sentence : differences(first, second)) text += "warning: " + sentence + '\n';
    return text +
           "One run of each has no interval: such a ratio may be chance; compare measures in turns and has "
           "one.\n";
}

}  // namespace loadgen::report
