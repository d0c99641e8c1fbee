#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string_view>

#include "loadgen/compare/report.hpp"

namespace loadgen::compare {

namespace {

namespace json = boost::json;

json::value value_of(const std::optional<double>& number) {
    if (!number) return nullptr;
    return *number;
}

json::object environment_of(const report::Environment& environment) {
    json::array argv;
    for (const std::string& argument : environment.argv) argv.emplace_back(argument);
    return {{"version", environment.version},
            {"kernel", environment.kernel},
            {"cpu_model", environment.cpu_model},
            {"cores", environment.cores},
            {"load_before", json::array(environment.load_before.begin(), environment.load_before.end())},
            {"load_after", json::array(environment.load_after.begin(), environment.load_after.end())},
            {"argv", std::move(argv)}};
}

json::value gil_of(const Round& round) {
    if (!round.books || round.books->gils.empty()) return nullptr;
    double held = 0;
    double waiting = 0;
    for (const books::Gil& gil : round.books->gils) {
        held += gil.held;
        waiting += gil.waiting;
    }
    return json::object{{"held_seconds", held}, {"waiting_seconds", waiting}};
}

json::object round_of(const Round& round) {
    json::object object{{"answered", round.measured.answered},
                        {"errors", round.measured.errors},
                        {"failures", round.measured.failures},
                        {"wall_seconds", round.measured.wall},
                        {"server_cpu_seconds", round.server_cpu},
                        {"client_cpu_seconds", round.measured.client_cpu},
                        {"generator_was_bottleneck", round.measured.own},
                        {"killed", round.killed},
                        {"gil", gil_of(round)}};
    for (const Metric& metric : metrics()) object[metric.key] = value_of(metric.of(round));
    return object;
}

json::object server_of(const Comparison& comparison, std::size_t index) {
    const Summary& summary = comparison.summaries[index];
    json::object medians;
    for (std::size_t i = 0; i < metrics().size(); ++i)
        medians[metrics()[i].key] = value_of(summary.medians[i]);
    medians["client_cpu_seconds_per_request"] = value_of(summary.client_cpu);
    medians["gil_held_seconds_per_request"] = value_of(summary.gil_held);
    medians["gil_waiting_seconds_per_request"] = value_of(summary.gil_waiting);
    json::array rounds;
    for (const Round& round : comparison.rounds[index]) rounds.emplace_back(round_of(round));
    const Contender& contender = comparison.contenders[index];
    return {{"name", contender.name},   {"command", contender.command},  {"answered", summary.answered},
            {"errors", summary.errors}, {"medians", std::move(medians)}, {"rounds", std::move(rounds)}};
}

json::object compared_of(const Compared& compared) {
    json::object object{{"metric", compared.metric->key}, {"verdict", word_of(compared.verdict)}};
    const auto& interval = compared.interval;
    object["ratio"] = interval ? json::value(interval->ratio) : json::value(nullptr);
    object["low"] = interval ? json::value(interval->low) : json::value(nullptr);
    object["high"] = interval ? json::value(interval->high) : json::value(nullptr);
    return object;
}

json::object pair_of(const Comparison& comparison, const Pair& pair) {
    json::array compared;
    for (const Compared& each : pair.metrics) compared.emplace_back(compared_of(each));
    const std::string errors = comparison.errors_of(pair);
    return {{"server", comparison.contenders[pair.other].name},
            {"against", comparison.contenders.front().name},
            {"noise_floor", comparison.again == pair.other},
            {"with_errors", !errors.empty()},
            {"metrics", std::move(compared)}};
}

}  // namespace

std::string to_json(const Comparison& comparison, const std::string& load,
                    const report::Environment& environment) {
    json::array servers;
    for (std::size_t i = 0; i < comparison.summaries.size(); ++i)
        servers.emplace_back(server_of(comparison, i));
    json::array pairs;
    for (const Pair& pair : comparison.pairs) pairs.emplace_back(pair_of(comparison, pair));
    json::array warnings;
    for (const std::string& warning : comparison.warnings()) warnings.emplace_back(warning);
    const json::object whole{{"format", "baton-load-compare"},
                             {"version", 1},
                             {"environment", environment_of(environment)},
                             {"load", load},
                             {"seed", comparison.seed},
                             {"rounds", comparison.round_count()},
                             {"headline", metrics().front().key},
                             {"servers", std::move(servers)},
                             {"pairs", std::move(pairs)},
                             {"warnings", std::move(warnings)}};
    return json::serialize(whole) + '\n';
}

}  // namespace loadgen::compare
