#include "loadgen/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace loadgen::report {

namespace {

// Three significant digits, without an exponent.
std::string three_digits(double value) {
    if (value < 9.995) return fmt::format("{:.2f}", value);
    if (value < 99.95) return fmt::format("{:.1f}", value);
    return fmt::format("{:.0f}", value);
}

std::string profile_text(const std::vector<plan::RatePoint>& profile) {
    if (profile.empty()) return "no rate";
    if (profile.size() == 1) return rate_text(profile.front().rate) + " requests/s";
    std::string text;
    constexpr std::size_t kShown = 8;
    for (std::size_t i = 0; i < std::min(profile.size(), kShown); ++i) {
        text += fmt::format("{}{} at {:g} s", i == 0 ? "" : ", ", rate_text(profile[i].rate), profile[i].at);
    }
    if (profile.size() > kShown) text += ", ...";
    return "requests/s by straight lines between " + text;
}

}  // namespace

std::string duration_text(double seconds) {
    if (!std::isfinite(seconds)) return std::string(kNotAvailable);
    if (seconds < 0) return "-" + duration_text(-seconds);
    if (seconds < 999.5e-6) return three_digits(seconds * 1e6) + " us";
    if (seconds < 999.5e-3) return three_digits(seconds * 1e3) + " ms";
    return three_digits(seconds) + " s";
}

std::string duration_text(std::optional<Nanoseconds> value) {
    return value ? duration_text(seconds_of(*value)) : std::string(kNotAvailable);
}

std::string span_text(Nanoseconds value) {
    const double seconds = seconds_of(value);
    return seconds > 0 && seconds < 1 ? fmt::format("{:g} ms", seconds * 1e3)
                                      : fmt::format("{:g} s", seconds);
}

std::string milliseconds_text(double seconds) {
    return fmt::format("{:.3f}", seconds * 1e3);
}

std::string count_text(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
    return text;
}

std::string rate_text(double rate) {
    if (!std::isfinite(rate) || rate < 0) return std::string(kNotAvailable);
    if (rate >= 999.95) return count_text(static_cast<std::uint64_t>(std::min(std::round(rate), 1e18)));
    if (rate == std::round(rate)) return fmt::format("{:.0f}", rate);
    return fmt::format("{:.1f}", rate);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) return fmt::format("{} B", bytes);
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
    return three_digits(value) + ' ' + std::string(kUnits[unit]);
}

std::string percent_text(double share) {
    const double percent = share * 100;
    if (!std::isfinite(percent)) return std::string(kNotAvailable);
    if (percent == 0) return "0 %";
    if (percent > 0 && percent < 0.001) return "<0.001 %";
    if (percent < 0.0995) return fmt::format("{:.3f} %", percent);
    if (percent < 0.995) return fmt::format("{:.2f} %", percent);
    return fmt::format("{:.1f} %", percent);
}

std::vector<std::string> latency_cells(const stats::Histogram& histogram) {
    std::vector<std::string> cells;
    for (const Percentile& wanted : kPercentiles) {
        cells.push_back(duration_text(result::percentile(histogram, wanted.fraction)));
    }
    cells.push_back(histogram.count() == 0 ? std::string(kNotAvailable)
                                           : duration_text(seconds_of(histogram.most())));
    cells.push_back(count_text(histogram.count()));
    return cells;
}

std::string printable(std::string_view text, std::size_t longest) {
    std::string safe(text.substr(0, longest));
    unsigned char before = 0;
    for (char& letter : safe) {
        const auto byte = static_cast<unsigned char>(letter);
        // U+0080 to U+009F are control characters too; in UTF-8 they are C2 and the byte itself.
        if (byte < 0x20 || byte == 0x7f || (before == 0xC2 && byte < 0xA0)) letter = '?';
        before = byte;
    }
    if (text.size() <= longest) return safe;
    // Not in the middle of a character of several bytes.
    while (!safe.empty() && (static_cast<unsigned char>(text[safe.size()]) & 0xC0U) == 0x80U) safe.pop_back();
    return safe + "...";
}

std::string failure_text(const result::Result& result, result::Failure failure) {
    std::string text = fmt::format("{}: {}", result::name_of(failure),
                                   count_text(result.all.failures[static_cast<std::size_t>(failure)]));
    const auto said = result.self.texts.find(failure);
    if (said != result.self.texts.end()) text += " (" + printable(said->second) + ')';
    return text;
}

std::string url_of(const plan::Endpoint& endpoint) {
    const plan::Target& target = endpoint.target;
    std::string scheme = endpoint.kind == plan::Kind::websocket ? "ws" : "http";
    if (target.tls) scheme += 's';
    if (!target.unix_socket.empty()) return scheme + "+unix:" + target.unix_socket + ':' + target.path;
    return scheme + "://" + target.authority + target.path;
}

std::string target_line(const plan::Plan& plan) {
    if (plan.endpoints.empty()) return "nothing";
    const plan::Endpoint& first = plan.endpoints.front();
    const bool messages = first.kind == plan::Kind::websocket;
    std::string line = messages ? std::string("WebSocket") : printable(first.method, 20);
    line += ' ' + printable(url_of(first));
    if (plan.endpoints.size() > 1) line += fmt::format(" and {} more", plan.endpoints.size() - 1);
    return line;
}

std::string model_line(const plan::Plan& plan) {
    const plan::Load& load = plan.load;
    std::string time = "for " + span_text(load.duration);
    if (load.warm_up > Nanoseconds::zero()) time += " after " + span_text(load.warm_up) + " of warm-up";
    if (load.model == plan::Model::closed) {
        return fmt::format(
            "closed model, {} connection{}: each sends the next request when the last is answered; {}",
            load.connections, load.connections == 1 ? "" : "s", time);
    }
    return fmt::format("{}, {}, {}", profile_text(load.profile),
                       load.arrival == plan::Arrival::poisson ? "poisson" : "uniform", time);
}

bool is_open(const plan::Plan& plan) noexcept {
    return plan.load.model == plan::Model::open;
}

}  // namespace loadgen::report
