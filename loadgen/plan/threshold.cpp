#include "loadgen/plan/threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "loadgen/plan/profile.hpp"
#include "loadgen/plan/quantity.hpp"

namespace loadgen::plan {

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Fault fault(std::string_view text, std::string_view why) {
    return Fault{fmt::format("the threshold {} {}", in_quotes(text), why)};
}

// Of one that has been parsed: with its place.
Fault fault(const Threshold& threshold, std::string_view why) {
    Fault found = fault(threshold.text, why);
    if (!threshold.where.empty()) found.why = threshold.where + ": " + found.why;
    return found;
}

// The decimal number that all of the text is.
std::optional<double> decimal(std::string_view text) {
    double number = 0;
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<double> percentage(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    const std::optional<double> number = decimal(trimmed(text));
    if (!number || *number > 100) return std::nullopt;
    return *number / 100;
}

// p50, p99.9, mean, max; with service- before it.
bool is_time(std::string_view metric) {
    if (metric.starts_with("service-")) metric.remove_prefix(8);
    if (metric == "mean" || metric == "max") return true;
    if (!metric.starts_with('p')) return false;
    const std::optional<double> percent = decimal(metric.substr(1));
    return percent && *percent > 0 && *percent < 100 && metric.size() <= 10;
}

Problem set_time(std::string_view value, Threshold& threshold) {
    const bool has_unit = !value.empty() && (value.back() < '0' || value.back() > '9') && value.back() != '.';
    const Parsed<Nanoseconds> span = parse_duration(value);
    if (!has_unit || !span)
        return Fault{fmt::format("needs a duration with its unit, such as {}<50ms", threshold.metric)};
    threshold.value = seconds_of(*span);
    return std::nullopt;
}

Problem set_errors(std::string_view value, Threshold& threshold) {
    const std::optional<double> share = value == "0" ? 0 : percentage(value);
    if (!share) return Fault{"needs a percentage from 0% to 100%, such as errors<0.1%"};
    if (*share == 0 && threshold.bound == Bound::below) return Fault{"can never hold; write errors<=0%"};
    threshold.value = *share;
    return std::nullopt;
}

Problem set_rate(std::string_view value, Threshold& threshold) {
    if (const std::optional<double> share = percentage(value)) {
        threshold.value = *share;
        threshold.of_offered = true;
        return std::nullopt;
    }
    const Parsed<double> rate = parse_rate(value);
    if (!rate)
        return Fault{
            "needs requests per second or a percentage of the offered, such as rate>=990 or rate>=99%"};
    threshold.value = *rate;
    return std::nullopt;
}

Problem set_value(std::string_view value, Threshold& threshold) {
    if (is_time(threshold.metric)) return set_time(value, threshold);
    if (threshold.metric == "errors") return set_errors(value, threshold);
    if (threshold.metric == "rate") return set_rate(value, threshold);
    return Fault{fmt::format(
        "has the metric {}; there are p50 (p90, p99.9, ...), mean and max, each also with service- "
        "before it, errors and rate",
        in_quotes(threshold.metric))};
}

std::string names_of(const std::vector<Endpoint>& endpoints) {
    constexpr std::size_t kShown = 10;
    std::string names;
    for (std::size_t i = 0; i < std::min(kShown, endpoints.size()); ++i)
        names += (i == 0 ? "" : ", ") + endpoints[i].name;
    return endpoints.size() > kShown ? names + ", ..." : names;
}

// The share of the schedule that is this endpoint's; of all of it when there is no name.
double share_of(const Plan& plan, const std::string& name) {
    if (name.empty()) return 1;
    double all = 0;
    double own = 0;
    for (const Endpoint& endpoint : plan.endpoints) {
        all += endpoint.weight;
        if (endpoint.name == name) own += endpoint.weight;
    }
    return own / all;
}

}  // namespace

Parsed<Threshold> parse_threshold(std::string_view text) {
    Threshold threshold;
    threshold.text = trimmed(text);
    const std::size_t at = text.find_last_of("<>");
    if (at == std::string_view::npos) return fault(text, "has no bound; write for example p99<50ms");
    const bool equal = text.substr(at + 1).starts_with('=');
    if (text[at] == '<') {
        threshold.bound = equal ? Bound::at_most : Bound::below;
    } else {
        threshold.bound = equal ? Bound::at_least : Bound::above;
    }
    const std::string_view before = text.substr(0, at);
    const std::size_t colon = before.rfind(':');
    if (colon != std::string_view::npos) {
        threshold.endpoint = trimmed(before.substr(0, colon));
        if (threshold.endpoint.empty()) return fault(text, "has no endpoint ahead of its colon");
    }
    threshold.metric = trimmed(colon == std::string_view::npos ? before : before.substr(colon + 1));
    if (Problem problem = set_value(trimmed(text.substr(at + (equal ? 2 : 1))), threshold))
        return fault(text, problem->why);
    return threshold;
}

Problem check_thresholds(Plan& plan) {
    for (Threshold& threshold : plan.thresholds) {
        const bool known =
            threshold.endpoint.empty() ||
            std::any_of(plan.endpoints.begin(), plan.endpoints.end(),
                        [&](const Endpoint& endpoint) { return endpoint.name == threshold.endpoint; });
        if (!known) {
            return fault(threshold, fmt::format("is of {}, and there is no such endpoint; there are: {}",
                                                in_quotes(threshold.endpoint), names_of(plan.endpoints)));
        }
        if (!threshold.of_offered) continue;
        if (plan.load.model == Model::closed)
            return fault(threshold, "is a share of the offered rate, and none is offered without --rate");
        threshold.value *= offered_rate(plan.load) * share_of(plan, threshold.endpoint);
        threshold.of_offered = false;
    }
    return std::nullopt;
}

}  // namespace loadgen::plan
