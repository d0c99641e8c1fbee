#include <fmt/format.h>

#include <utility>
#include <vector>

#include "loadgen/compare/report.hpp"
#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::compare {

namespace {

constexpr std::string_view kIndent = "  ";
constexpr std::size_t kCommandWidth = 200;

std::string number_text(const Metric& metric, const std::optional<double>& value) {
    if (!value) return std::string(report::kNotAvailable);
    return metric.time ? report::duration_text(*value) : report::rate_text(*value);
}

std::string seconds_text(const std::optional<double>& seconds) {
    return seconds ? report::duration_text(*seconds) : std::string(report::kNotAvailable);
}

void append_servers(const Comparison& comparison, std::string& text) {
    for (const Contender& contender : comparison.contenders)
        text +=
            fmt::format("  {}  {}\n", contender.name, report::printable(contender.command, kCommandWidth));
}

template <class Of>
void add_row(const Comparison& comparison, std::string name, Of of, report::Table& table) {
    std::vector<std::string> cells = {std::move(name)};
    for (const Summary& summary : comparison.summaries) cells.push_back(of(summary));
    table.row(std::move(cells));
}

template <class Of>
bool any_has(const Comparison& comparison, Of of) {
    for (const Summary& summary : comparison.summaries) {
        if (of(summary)) return true;
    }
    return false;
}

std::string medians_text(const Comparison& comparison) {
    report::Table table(1);
    std::vector<std::string> head = {"median of rounds"};
    for (const Contender& contender : comparison.contenders) head.push_back(contender.name);
    table.row(std::move(head));
    for (std::size_t i = 0; i < metrics().size(); ++i) {
        const Metric& metric = metrics()[i];
        if (!comparison.has(metric)) continue;
        add_row(
            comparison, std::string(metric.name),
            [&](const Summary& summary) { return number_text(metric, summary.medians[i]); }, table);
    }
    if (any_has(comparison, [](const Summary& summary) { return summary.gil_held.has_value(); })) {
        add_row(
            comparison, "GIL held per request", [](const Summary& s) { return seconds_text(s.gil_held); },
            table);
        add_row(
            comparison, "GIL waited for per request",
            [](const Summary& s) { return seconds_text(s.gil_waiting); }, table);
    }
    add_row(
        comparison, "generator's own CPU per request",
        [](const Summary& s) { return seconds_text(s.client_cpu); }, table);
    add_row(
        comparison, "requests answered", [](const Summary& s) { return report::count_text(s.answered); },
        table);
    add_row(comparison, "errors", [](const Summary& s) { return report::count_text(s.errors); }, table);
    return table.text(kIndent);
}

std::string interval_text(const Compared& compared) {
    if (!compared.interval) return std::string(report::kNotAvailable);
    return fmt::format("{:.3f} to {:.3f}", compared.interval->low, compared.interval->high);
}

// A server is neither better nor worse than itself.
std::string_view noise_word_of(Verdict verdict) {
    return verdict == Verdict::better || verdict == Verdict::worse ? "differs from itself" : word_of(verdict);
}

std::string pair_text(const Comparison& comparison, const Pair& pair) {
    report::Table table(1);
    const std::string& first = comparison.contenders.front().name;
    const std::string& other = comparison.contenders[pair.other].name;
    const bool noise = comparison.again == pair.other;
    table.row({fmt::format("{} against {}{}", other, first, noise ? ", the noise" : ""), "ratio",
               "95 % interval", "verdict"});
    const std::string errors = comparison.errors_of(pair);
    for (const Compared& compared : pair.metrics) {
        if (!comparison.has(*compared.metric)) continue;
        std::string verdict =
            fmt::format("{}{}{}", noise ? noise_word_of(compared.verdict) : word_of(compared.verdict),
                        errors.empty() ? "" : ", ", errors);
        table.row({std::string(compared.metric->name),
                   compared.interval ? fmt::format("{:.3f}", compared.interval->ratio)
                                     : std::string(report::kNotAvailable),
                   interval_text(compared), std::move(verdict)});
    }
    return table.text(kIndent);
}

std::string rounds_of(std::size_t count) {
    return count == 1 ? "1 round" : fmt::format("{} rounds", count);
}

}  // namespace

std::string to_text(const Comparison& comparison, const std::string& load) {
    std::string text = fmt::format("baton-load compare: {}, a fresh process each; {}; seed {}\n",
                                   rounds_of(comparison.round_count()), load, comparison.seed);
    append_servers(comparison, text);
    if (comparison.round_count() > 0) {
        text += '\n' + medians_text(comparison);
        for (const Pair& pair : comparison.pairs) text += '\n' + pair_text(comparison, pair);
        text += fmt::format(
            "\nThe headline is {}; the other rows explain it. Each interval holds for its own row: of {} "
            "verdicts, one may well be chance.\n",
            metrics().front().name, metrics().size());
    }
    const std::vector<std::string> warnings = comparison.warnings();
    if (!warnings.empty()) text += '\n';
    for (const std::string& warning : warnings) text += "warning: " + report::printable(warning, 400) + '\n';
    return text;
}

std::string progress_text(std::size_t round, std::size_t rounds, const Contender& contender,
                          const Round& measured) {
    const auto headline = metrics()[0].of(measured);
    const auto rate = metrics()[1].of(measured);
    std::string text =
        fmt::format("round {} of {}: {}: {} requests per CPU-second, {} per second, p99 {}", round, rounds,
                    contender.name, number_text(metrics()[0], headline), number_text(metrics()[1], rate),
                    seconds_text(measured.measured.closed ? measured.measured.p99_service
                                                          : measured.measured.p99_response));
    if (measured.measured.errors > 0)
        text += fmt::format(", {} errors ({})", measured.measured.errors, measured.measured.failures);
    return text;
}

}  // namespace loadgen::compare
