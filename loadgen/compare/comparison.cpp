#include "loadgen/compare/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace loadgen::compare {

namespace {

std::optional<double> above_zero(double value) {
    if (!std::isfinite(value) || value <= 0) return std::nullopt;
    return value;
}

constexpr std::array<Metric, 6> kMetrics = {{
    {"requests_per_cpu_second", "requests per CPU-second", true, false, false, true,
     [](const Round& round) {
         return above_zero(static_cast<double>(round.measured.answered) / round.server_cpu);
     }},
    {"requests_per_second", "requests per second", true, false, false, false,
     [](const Round& round) { return above_zero(round.measured.rate); }},
    {"p50_response", "p50 response (from due)", false, true, true, false,
     [](const Round& round) { return round.measured.p50_response; }},
    {"p99_response", "p99 response (from due)", false, true, true, false,
     [](const Round& round) { return round.measured.p99_response; }},
    {"p50_service", "p50 service (from sent)", false, true, false, false,
     [](const Round& round) { return round.measured.p50_service; }},
    {"p99_service", "p99 service (from sent)", false, true, false, false,
     [](const Round& round) { return round.measured.p99_service; }},
}};

// One number per round; none when a round lacks it.
template <class Of>
std::optional<std::vector<double>> numbers_of(const std::vector<Round>& rounds, Of of) {
    std::vector<double> numbers;
    for (const Round& round : rounds) {
        const std::optional<double> number = of(round);
        if (!number || !std::isfinite(*number)) return std::nullopt;
        numbers.push_back(*number);
    }
    if (numbers.empty()) return std::nullopt;
    return numbers;
}

std::optional<double> median_of(std::optional<std::vector<double>> numbers) {
    if (!numbers) return std::nullopt;
    std::sort(numbers->begin(), numbers->end());
    const std::size_t middle = numbers->size() / 2;
    if (numbers->size() % 2 == 1) return (*numbers)[middle];
    return ((*numbers)[middle - 1] + (*numbers)[middle]) / 2;
}

bool all_above_zero(const std::vector<double>& numbers) noexcept {
    return std::all_of(numbers.begin(), numbers.end(), [](double number) { return number > 0; });
}

std::optional<stats::Interval95> interval_of(const std::vector<Round>& first, const std::vector<Round>& other,
                                             const Metric& metric, std::uint64_t seed) {
    const auto a = numbers_of(first, metric.of);
    const auto b = numbers_of(other, metric.of);
    if (!a || !b || !all_above_zero(*a) || !all_above_zero(*b)) return std::nullopt;
    return stats::median_ratio(*a, *b, seed);
}

// What a server differs from itself at most, by its interval: no smaller difference is one.
bool within_noise(double ratio, const std::optional<stats::Interval95>& noise) noexcept {
    if (!noise) return false;
    const double floor = std::max(std::abs(std::log(noise->low)), std::abs(std::log(noise->high)));
    return std::abs(std::log(ratio)) <= floor;
}

Verdict judge(const std::optional<stats::Interval95>& interval, const std::optional<stats::Interval95>& noise,
              std::size_t rounds, bool more_is_better, bool generator) noexcept {
    if (!interval) return Verdict::not_measured;
    if (generator) return Verdict::generator;
    if (rounds < stats::kFewestRounds) return Verdict::too_few_rounds;
    if (!interval->differs() || within_noise(interval->ratio, noise)) return Verdict::no_difference;
    return (interval->ratio > 1) == more_is_better ? Verdict::better : Verdict::worse;
}

std::optional<double> per_request(double seconds, const Round& round) {
    if (round.measured.answered == 0) return std::nullopt;
    return seconds / static_cast<double>(round.measured.answered);
}

// GIL seconds per request, over all interpreters.
std::optional<double> gil_of(const Round& round, double books::Gil::* what) {
    if (!round.books || round.books->gils.empty()) return std::nullopt;
    double seconds = 0;
    for (const books::Gil& gil : round.books->gils) seconds += gil.*what;
    return per_request(seconds, round);
}

void count(const Round& round, Summary& summary) {
    summary.answered += round.measured.answered;
    summary.errors += round.measured.errors;
    if (round.measured.errors > 0) ++summary.rounds_with_errors;
    if (round.killed) ++summary.killed;
    if (summary.no_books.empty()) summary.no_books = round.no_books;
    const auto first_of = [&round](std::size_t& rounds, std::string& why) {
        if (rounds++ == 0 && !round.measured.bottlenecks.empty()) why = round.measured.bottlenecks.front();
    };
    if (round.measured.own)
        first_of(summary.own, summary.own_why);
    else if (!round.measured.bottlenecks.empty())
        first_of(summary.not_delivered, summary.not_delivered_why);
}

Summary summary_of(const std::vector<Round>& rounds) {
    Summary summary;
    for (const Metric& metric : kMetrics) summary.medians.push_back(median_of(numbers_of(rounds, metric.of)));
    for (const Round& round : rounds) count(round, summary);
    summary.client_cpu = median_of(
        numbers_of(rounds, [](const Round& round) { return per_request(round.measured.client_cpu, round); }));
    summary.gil_held =
        median_of(numbers_of(rounds, [](const Round& round) { return gil_of(round, &books::Gil::held); }));
    summary.gil_waiting =
        median_of(numbers_of(rounds, [](const Round& round) { return gil_of(round, &books::Gil::waiting); }));
    return summary;
}

Pair pair_of(const Comparison& comparison, std::size_t other) {
    Pair pair{other, {}};
    const std::vector<Round>& first = comparison.rounds.front();
    const bool limited = comparison.summaries.front().own > 0 || comparison.summaries[other].own > 0;
    for (const Metric& metric : kMetrics) {
        const auto interval = interval_of(first, comparison.rounds[other], metric, comparison.seed);
        std::optional<stats::Interval95> noise;
        if (comparison.again && *comparison.again != other)
            noise = interval_of(first, comparison.rounds[*comparison.again], metric, comparison.seed);
        pair.metrics.push_back(
            {&metric, interval,
             judge(interval, noise, first.size(), metric.more_is_better, limited && !metric.server)});
    }
    return pair;
}

void warn_of(const Contender& contender, const Summary& summary, std::size_t rounds,
             std::vector<std::string>& warnings) {
    if (summary.errors > 0)
        warnings.push_back(fmt::format("{} had errors in {} of {} rounds: {} of {} requests", contender.name,
                                       summary.rounds_with_errors, rounds, summary.errors,
                                       summary.errors + summary.answered));
    if (summary.own > 0)
        warnings.push_back(fmt::format("with {}, the generator was the limit in {} of {} rounds: {}",
                                       contender.name, summary.own, rounds, summary.own_why));
    if (summary.not_delivered > 0)
        warnings.push_back(fmt::format("with {}, the load was not what was asked for in {} of {} rounds: {}",
                                       contender.name, summary.not_delivered, rounds,
                                       summary.not_delivered_why));
    if (summary.killed > 0)
        warnings.push_back(fmt::format("{} did not end upon SIGTERM in {} of {} rounds and was killed",
                                       contender.name, summary.killed, rounds));
    if (!summary.no_books.empty())
        warnings.push_back(fmt::format("no books of {}: {}", contender.name, summary.no_books));
}

}  // namespace

std::span<const Metric> metrics() {
    return kMetrics;
}

std::string_view word_of(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::better:
            return "better";
        case Verdict::worse:
            return "worse";
        case Verdict::no_difference:
            return "no difference detected";
        case Verdict::too_few_rounds:
            return "too few rounds";
        case Verdict::generator:
            return "the generator was the limit";
        case Verdict::not_measured:
            break;
    }
    return "not measured";
}

bool Comparison::has(const Metric& metric) const noexcept {
    return !metric.from_due || rounds.empty() || rounds.front().empty() ||
           !rounds.front().front().measured.closed;
}

std::vector<std::string> Comparison::warnings() const {
    std::vector<std::string> warnings;
    if (round_count() < asked_rounds)
        warnings.push_back(fmt::format("ended early, after {} of {} rounds", round_count(), asked_rounds));
    if (round_count() < stats::kFewestRounds)
        warnings.push_back(fmt::format("a verdict takes {} rounds; the interval of fewer is not one of 95 %",
                                       stats::kFewestRounds));
    for (std::size_t i = 0; i < contenders.size(); ++i)
        warn_of(contenders[i], summaries[i], round_count(), warnings);
    if (!again) return warnings;
    for (const Pair& pair : pairs) {
        const Compared& headline = pair.metrics.front();
        const bool differs = headline.verdict == Verdict::better || headline.verdict == Verdict::worse;
        if (pair.other == *again && differs)
            warnings.push_back(fmt::format("{} differs from itself: the machine is not steady enough",
                                           contenders.front().name));
    }
    return warnings;
}

std::string Comparison::errors_of(const Pair& pair) const {
    const Summary& first = summaries.front();
    const Summary& other = summaries[pair.other];
    if (first.errors + other.errors == 0) return {};
    return fmt::format("with errors: {} {} of {}, {} {} of {}", contenders.front().name, first.errors,
                       first.errors + first.answered, contenders[pair.other].name, other.errors,
                       other.errors + other.answered);
}

bool Comparison::generator_was_limit() const noexcept {
    return std::any_of(summaries.begin(), summaries.end(),
                       [](const Summary& summary) { return summary.own > 0; });
}

Comparison compare(const Settings& settings, Rounds rounds, std::optional<std::size_t> again) {
    Comparison comparison;
    comparison.contenders = settings.contenders;
    comparison.rounds = std::move(rounds);
    comparison.again = again;
    comparison.asked_rounds = settings.rounds;
    comparison.seed = settings.seed;
    for (const std::vector<Round>& of_one : comparison.rounds)
        comparison.summaries.push_back(summary_of(of_one));
    for (std::size_t other = 1; other < comparison.rounds.size(); ++other)
        comparison.pairs.push_back(pair_of(comparison, other));
    return comparison;
}

}  // namespace loadgen::compare
