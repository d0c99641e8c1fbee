#include "loadgen/result/metric.hpp"

#include <charconv>

namespace loadgen::result {

namespace {

std::optional<double> latency(const stats::Histogram& histogram, std::string_view name) noexcept {
    if (const auto fraction = fraction_of(name)) {
        const auto value = percentile(histogram, *fraction);
        return value ? std::optional(seconds_of(*value)) : std::nullopt;
    }
    if (histogram.count() == 0) return std::nullopt;
    if (name == "mean") return seconds_of(histogram.mean());
    if (name == "max") return seconds_of(histogram.most());
    return std::nullopt;
}

}  // namespace

std::optional<double> fraction_of(std::string_view name) noexcept {
    if (!name.starts_with('p')) return std::nullopt;
    name.remove_prefix(1);
    double percent = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), percent, std::chars_format::fixed);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    if (!(percent > 0 && percent < 100)) return std::nullopt;
    return percent / 100;
}

const stats::Histogram& latencies(const Sum& sum, bool service, plan::Model model) noexcept {
    return service || model == plan::Model::closed ? sum.service : sum.response;
}

std::optional<double> metric(const Sum& sum, std::string_view name, plan::Model model, double wall) noexcept {
    if (name == "rate") return sum.rate(wall);
    if (name == "errors") return sum.ended() == 0 ? std::nullopt : std::optional(sum.error_share());
    constexpr std::string_view kService = "service-";
    const bool service = name.starts_with(kService);
    if (service) name.remove_prefix(kService.size());
    return latency(latencies(sum, service, model), name);
}

}  // namespace loadgen::result
