#include <fmt/format.h>

#include "loadgen/report/html_parts.hpp"
#include "loadgen/report/server_text.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report::html {

namespace {

std::string tile(std::string_view value, std::string_view label, std::string_view kind = {}) {
    return fmt::format(R"(<div class="tile"><b class="{}">{}</b><span>{}</span></div>)", kind, escaped(value),
                       escaped(label));
}

std::string facts(const std::vector<std::pair<std::string, std::string>>& rows) {
    std::string made = R"(<table class="numbers facts">)";
    for (const auto& [name, value] : rows) {
        made += "<tr><td>" + escaped(name) + "</td><td>" + escaped(value) + "</td></tr>";
    }
    return made + "</table>";
}

std::vector<std::string> latency_head(std::string first) {
    std::vector<std::string> head = {std::move(first)};
    for (const Percentile& shown : kPercentiles) head.emplace_back(shown.name);
    head.insert(head.end(), {"max", "n"});
    return head;
}

std::vector<std::string> latency_row(std::string name, const stats::Histogram& histogram) {
    std::vector<std::string> row = latency_cells(histogram);
    row.insert(row.begin(), std::move(name));
    return row;
}

std::string loads(const Loads& loads) {
    return fmt::format("{:.2f}, {:.2f}, {:.2f}", loads[0], loads[1], loads[2]);
}

std::string joined(const std::vector<std::string>& words) {
    std::string made;
    for (const std::string& word : words) made += (made.empty() ? "" : " ") + word;
    return made;
}

std::string agents_table(const Report& report) {
    if (report.agents.empty()) return {};
    const double wall = report.result.self.wall;
    std::vector<std::vector<std::string>> rows;
    for (const Agent& agent : report.agents) {
        rows.push_back({printable(agent.name), printable(agent.address), count_text(agent.due),
                        wall > 0 ? percent_text(agent.cpu / wall) : std::string(kNotAvailable),
                        duration_text(agent.late_p99), duration_text(seconds_of(agent.round_trip))});
    }
    return table({"agent", "address", "requests", "CPU", "late p99", "round trip"}, rows);
}

}  // namespace

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
    std::string made = R"(<table class="numbers"><thead><tr>)";
    for (const std::string& cell : head) made += "<th>" + escaped(cell) + "</th>";
    made += "</tr></thead><tbody>";
    for (const auto& row : rows) {
        made += "<tr>";
        for (const std::string& cell : row) made += "<td>" + escaped(cell) + "</td>";
        made += "</tr>";
    }
    return made + "</tbody></table>";
}

std::string verdict(const Report& report) {
    std::string made;
    const auto add = [&made](const std::vector<std::string>& sentences, std::string_view kind,
                             std::string_view label) {
        if (sentences.empty()) return;
        made += fmt::format(R"(<section class="note {}">)", kind);
        for (const std::string& sentence : sentences) {
            made += fmt::format("<p><strong class=\"{}\">{}</strong> {}</p>", kind, label, escaped(sentence));
        }
        made += "</section>";
    };
    add(report.verdict.bottlenecks, "bad",
        report.verdict.own ? "The generator was the bottleneck." : "The load was not what was asked for.");
    add(report.verdict.warnings, "warn", "Warning.");
    return made;
}

std::string tiles(const Report& report) {
    const result::Result& result = report.result;
    const bool open = is_open(result.plan);
    const result::Sum& all = result.all;
    std::string made;
    if (open) made += tile(rate_text(result.offered()) + "/s", "offered");
    made += tile(rate_text(result.rate()) + "/s", "answered as expected");
    made += tile(percent_text(all.error_share()), count_text(all.errors()) + " errors",
                 all.errors() > 0 ? "bad" : "good");
    const stats::Histogram& latency = open ? all.response : all.service;
    const std::string from = open ? ", from due" : ", from sent";
    made += tile(duration_text(result::percentile(latency, 0.50)), "p50" + from);
    made += tile(duration_text(result::percentile(latency, 0.99)), "p99" + from);
    if (report.books) {
        const std::optional<double> per_core = report.books->requests_per_cpu_second();
        made += tile(per_core ? rate_text(*per_core) : std::string(kNotAvailable), "requests per CPU-second");
    }
    std::size_t missed = 0;
    for (const result::Kept& kept : report.verdict.thresholds) missed += kept.kept ? 0 : 1;
    if (!report.verdict.thresholds.empty()) {
        const std::size_t count = report.verdict.thresholds.size();
        made += tile(fmt::format("{} of {}", count - missed, count), "thresholds kept",
                     missed > 0 ? "bad" : "good");
    }
    return made;
}

std::string latency_table(const Report& report) {
    const result::Sum& all = report.result.all;
    std::vector<std::vector<std::string>> rows;
    if (is_open(report.result.plan)) rows.push_back(latency_row(std::string(kResponseRow), all.response));
    rows.push_back(latency_row(std::string(kServiceRow), all.service));
    if (all.first_byte.count() > 0) rows.push_back(latency_row("first byte (from sent)", all.first_byte));
    if (all.failed.count() > 0) rows.push_back(latency_row(std::string(kFailedRow), all.failed));
    const stats::Histogram& connect = report.result.self.connect;
    if (result::enough(connect.count(), 0.5)) rows.push_back(latency_row(std::string(kConnectRow), connect));
    return table(latency_head(""), rows);
}

std::string answers_table(const Report& report) {
    const result::Sum& all = report.result.all;
    std::vector<std::vector<std::string>> rows;
    if (is_open(report.result.plan)) rows.push_back({"requests offered", count_text(all.due)});
    rows.push_back({"requests sent", count_text(all.sent)});
    rows.push_back({"requests answered", count_text(all.answered)});
    if (all.behind > 0) rows.push_back({"of these behind the measured time", count_text(all.behind)});
    for (const auto& [status, count] : all.statuses) {
        rows.push_back({fmt::format("status {}", status), count_text(count)});
    }
    for (std::size_t kind = 1; kind < result::kFailures; ++kind) {
        if (all.failures[kind] == 0) continue;
        const std::string_view name = result::name_of(static_cast<result::Failure>(kind));
        rows.push_back({fmt::format("error: {}", name), count_text(all.failures[kind])});
    }
    rows.push_back({"received", bytes_text(all.bytes_in)});
    rows.push_back({"sent", bytes_text(all.bytes_out)});
    return table({"", "count"}, rows);
}

std::string endpoint_table(const Report& report) {
    const result::Result& result = report.result;
    const bool open = is_open(result.plan);
    std::vector<std::string> head = {"endpoint", "requests", "errors", "per second"};
    const std::vector<std::string> latencies = latency_head("");
    head.insert(head.end(), latencies.begin() + 1, latencies.end() - 1);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < std::min(result.endpoints.size(), result.plan.endpoints.size()); ++i) {
        const result::Sum& sum = result.endpoints[i];
        rows.push_back({printable(result.plan.endpoints[i].name), count_text(sum.ended()),
                        percent_text(sum.error_share()), rate_text(sum.rate(result.self.wall))});
        const std::vector<std::string> cells = latency_cells(open ? sum.response : sum.service);
        rows.back().insert(rows.back().end(), cells.begin(), cells.end() - 1);
    }
    return fmt::format(R"(<p class="hint">Latencies: {}.</p>)", open ? kResponseRow : kServiceRow) +
           table(head, rows);
}

std::string thresholds(const Report& report) {
    if (report.verdict.thresholds.empty()) return {};
    std::string made = R"(<section><h2>Thresholds</h2><div class="scroll"><table class="numbers">)"
                       "<thead><tr><th>threshold</th><th>actual</th><th></th></tr></thead><tbody>";
    for (const result::Kept& kept : report.verdict.thresholds) {
        const std::string actual = kept.actual ? threshold_value(kept.threshold.metric, *kept.actual)
                                               : std::string("not enough samples");
        made += fmt::format(R"(<tr><td>{}</td><td>{}</td><td class="{}">{}</td></tr>)",
                            escaped(kept.threshold.text), escaped(actual), kept.kept ? "good" : "bad",
                            kept.kept ? "kept" : "missed");
    }
    return made + "</tbody></table></div></section>";
}

std::string environment_table(const Report& report) {
    const Environment& environment = report.environment;
    const result::Self& self = report.result.self;
    std::vector<std::pair<std::string, std::string>> rows = {
        {"measured", duration_text(self.wall)},
        {"CPU", fmt::format("{} ({} of a core), busiest thread {}", duration_text(self.cpu),
                            self.wall > 0 ? percent_text(self.cpu / self.wall) : kNotAvailable,
                            percent_text(self.busiest))}};
    if (is_open(report.result.plan)) {
        rows.emplace_back("own lateness", fmt::format("p99 {}, at most {}",
                                                      duration_text(result::percentile(self.late, 0.99)),
                                                      duration_text(seconds_of(self.late.most()))));
    }
    if (self.blocked.count() > 0) {
        rows.emplace_back("waited for a free connection",
                          fmt::format("{} requests, at most {}", count_text(self.blocked.count()),
                                      duration_text(seconds_of(self.blocked.most()))));
    }
    rows.insert(rows.end(),
                {{"connections opened", count_text(self.opened)},
                 {"kernel", environment.kernel},
                 {"processor", fmt::format("{}, {} cores", environment.cpu_model, environment.cores)},
                 {"load before", loads(environment.load_before)},
                 {"load after", loads(environment.load_after)},
                 {"command", joined(environment.argv)}});
    return facts(rows) + agents_table(report);
}

}  // namespace loadgen::report::html
