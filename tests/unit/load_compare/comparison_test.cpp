// What rounds say, when the numbers are known.
#include "loadgen/compare/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "loadgen/compare/report.hpp"

namespace loadgen::compare {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Round round_with(double per_cpu_second, double p99) {
    Round round;
    round.measured.answered = 1000;
    round.measured.rate = 500;
    round.measured.wall = 2;
    round.measured.client_cpu = 0.01;
    round.measured.p50_response = p99 / 2;
    round.measured.p99_response = p99;
    round.measured.p50_service = p99 / 4;
    round.measured.p99_service = p99 / 2;
    round.server_cpu = 1000 / per_cpu_second;
    return round;
}

// A little up and down, as rounds are.
std::vector<Round> rounds_around(double per_cpu_second, double p99, std::size_t count = 6) {
    std::vector<Round> rounds;
    for (std::size_t i = 0; i < count; ++i) {
        const double wobble = 1 + 0.01 * static_cast<double>(i % 3);
        rounds.push_back(round_with(per_cpu_second * wobble, p99 / wobble));
    }
    return rounds;
}

Settings settings_for(std::size_t servers, std::size_t rounds = 6) {
    Settings settings;
    settings.rounds = rounds;
    for (std::size_t i = 0; i < servers; ++i)
        settings.contenders.push_back({{static_cast<char>('A' + i)}, "serve " + std::to_string(i), ""});
    return settings;
}

const Compared& compared(const Comparison& comparison, std::size_t pair, std::string_view key) {
    for (const Compared& each : comparison.pairs.at(pair).metrics) {
        if (each.metric->key == key) return each;
    }
    throw std::out_of_range(std::string(key));
}

TEST(Comparison, MoreRequestsPerCpuSecondAreBetterAndLongerTimesAreWorse) {
    const Comparison comparison =
        compare(settings_for(2), {rounds_around(1000, 0.010), rounds_around(1500, 0.020)}, std::nullopt);
    const Compared& headline = compared(comparison, 0, "requests_per_cpu_second");
    EXPECT_NEAR(headline.interval->ratio, 1.5, 1e-9);
    EXPECT_EQ(headline.verdict, Verdict::better);
    EXPECT_NEAR(compared(comparison, 0, "p99_response").interval->ratio, 2, 1e-9);
    EXPECT_EQ(compared(comparison, 0, "p99_response").verdict, Verdict::worse);
    EXPECT_EQ(compared(comparison, 0, "requests_per_second").verdict, Verdict::no_difference);
    EXPECT_TRUE(comparison.warnings().empty());
    EXPECT_NEAR(comparison.summaries[0].medians[0].value(), 1010, 1e-9);
    EXPECT_NEAR(comparison.summaries[0].client_cpu.value(), 1e-5, 1e-12);
}

TEST(Comparison, RoundsThatDisagreeAreNoDifference) {
    std::vector<Round> other;
    for (const double factor : {0.8, 1.3, 0.9, 1.2, 0.95, 1.1})
        other.push_back(round_with(1000 * factor, 0.01));
    const Comparison comparison =
        compare(settings_for(2), {rounds_around(1000, 0.01), std::move(other)}, std::nullopt);
    EXPECT_EQ(compared(comparison, 0, "requests_per_cpu_second").verdict, Verdict::no_difference);
    EXPECT_EQ(word_of(Verdict::no_difference), "no difference detected");
}

TEST(Comparison, FewRoundsHaveNumbersButNoVerdict) {
    const Comparison comparison = compare(
        settings_for(2, 5), {rounds_around(1000, 0.01, 5), rounds_around(9000, 0.01, 5)}, std::nullopt);
    const Compared& headline = compared(comparison, 0, "requests_per_cpu_second");
    EXPECT_TRUE(headline.interval.has_value());
    EXPECT_EQ(headline.verdict, Verdict::too_few_rounds);
    EXPECT_THAT(comparison.warnings(), ::testing::ElementsAre(HasSubstr("a verdict takes 6 rounds")));
}

TEST(Comparison, WhatLiesWithinTheNoiseOfTheFirstServerIsNoDifference) {
    const Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1050, 0.01), rounds_around(1100, 0.01)};
    EXPECT_EQ(compared(compare(settings_for(3), rounds, std::nullopt), 0, "requests_per_cpu_second").verdict,
              Verdict::better);
    const Comparison with_noise = compare(settings_for(3), rounds, 2);
    EXPECT_EQ(compared(with_noise, 0, "requests_per_cpu_second").verdict, Verdict::no_difference);
    EXPECT_THAT(with_noise.warnings(), ::testing::Contains(HasSubstr("A differs from itself")));
    EXPECT_THAT(to_text(with_noise, "load"), HasSubstr("C against A, the noise"));
}

TEST(Comparison, AMetricThatARoundLacksIsNotCompared) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1000, 0.01)};
    rounds[1][3].measured.p99_response.reset();
    rounds[0][0].server_cpu = 0;
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    EXPECT_EQ(compared(comparison, 0, "p99_response").verdict, Verdict::not_measured);
    EXPECT_EQ(compared(comparison, 0, "requests_per_cpu_second").verdict, Verdict::not_measured);
    EXPECT_EQ(compared(comparison, 0, "p50_response").verdict, Verdict::no_difference);
    EXPECT_THAT(to_text(comparison, "load"), HasSubstr("not measured"));
}

TEST(Comparison, NothingIsDueInTheClosedModel) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1000, 0.01)};
    EXPECT_THAT(to_text(compare(settings_for(2), rounds, std::nullopt), "load"), HasSubstr("from due"));
    for (std::vector<Round>& of_one : rounds) {
        for (Round& round : of_one) {
            round.measured.closed = true;
            round.measured.p50_response.reset();
            round.measured.p99_response.reset();
        }
    }
    const Comparison comparison = compare(settings_for(2), rounds, std::nullopt);
    EXPECT_THAT(to_text(comparison, "load"), AllOf(HasSubstr("from sent"), Not(HasSubstr("from due"))));
    EXPECT_THAT(progress_text(1, 6, comparison.contenders[0], rounds[0][0]), HasSubstr("p99 5.00 ms"));
}

TEST(Comparison, ErrorsAreInTheVerdict) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(2000, 0.01)};
    rounds[1][2].measured.errors = 12;
    rounds[1][2].measured.failures = "12 reset";
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    EXPECT_EQ(comparison.errors_of(comparison.pairs[0]), "with errors: A 0 of 6000, B 12 of 6012");
    EXPECT_THAT(to_text(comparison, "load"), HasSubstr("better, with errors: A 0 of 6000, B 12 of 6012"));
    EXPECT_THAT(comparison.warnings(),
                ::testing::ElementsAre("B had errors in 1 of 6 rounds: 12 of 6012 requests"));
    EXPECT_THAT(progress_text(3, 6, comparison.contenders[1], comparison.rounds[1][2]),
                HasSubstr("12 errors (12 reset)"));
}

TEST(Comparison, NothingButErrorsIsNotMeasured) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(2000, 0.01)};
    for (Round& round : rounds[1]) {
        round.measured = {};
        round.measured.errors = 5;
    }
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    for (const Compared& each : comparison.pairs[0].metrics) EXPECT_EQ(each.verdict, Verdict::not_measured);
}

TEST(Comparison, SaysWhatAReaderHasToKnow) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1000, 0.01)};
    rounds[0][1].measured.bottlenecks = {"a thread of the generator was at 97 %"};
    rounds[0][1].measured.own = true;
    rounds[1][2].measured.bottlenecks = {"every one of 4 connections was in use"};
    rounds[1][0].killed = true;
    rounds[1][4].no_books = "http://127.0.0.1:9/metrics: cannot connect: Connection refused";
    const Comparison comparison = compare(settings_for(2, 9), std::move(rounds), std::nullopt);
    EXPECT_THAT(
        comparison.warnings(),
        ::testing::ElementsAre(
            "ended early, after 6 of 9 rounds",
            "with A, the generator was the limit in 1 of 6 rounds: a thread of the generator was at "
            "97 %",
            "with B, the load was not what was asked for in 1 of 6 rounds: every one of 4 connections "
            "was in use",
            "B did not end upon SIGTERM in 1 of 6 rounds and was killed",
            "no books of B: http://127.0.0.1:9/metrics: cannot connect: Connection refused"));
}

TEST(Comparison, WhatTheGeneratorLimitedIsNoVerdictOnServers) {
    Rounds rounds = {rounds_around(1000, 0.010), rounds_around(1500, 0.020), rounds_around(1500, 0.020)};
    rounds[1][4].measured.bottlenecks = {"the generator was busy"};
    EXPECT_FALSE(compare(settings_for(3), rounds, std::nullopt).generator_was_limit());
    rounds[1][4].measured.own = true;
    const Comparison comparison = compare(settings_for(3), std::move(rounds), std::nullopt);
    EXPECT_TRUE(comparison.generator_was_limit());
    for (const Compared& each : comparison.pairs[0].metrics) {
        const bool server = each.metric->key == "requests_per_cpu_second";
        EXPECT_EQ(each.verdict, server ? Verdict::better : Verdict::generator) << each.metric->key;
        EXPECT_TRUE(each.interval.has_value());
    }
    EXPECT_EQ(compared(comparison, 1, "p99_response").verdict, Verdict::worse) << "B's limit is not C's";
    EXPECT_THAT(to_text(comparison, "load"), HasSubstr("the generator was the limit"));
}

TEST(Comparison, ALimitOfTheFirstServersRoundsIsOneOfAllPairs) {
    Rounds rounds = {rounds_around(1000, 0.010), rounds_around(1500, 0.020)};
    rounds[0][0].measured.own = true;
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    EXPECT_EQ(compared(comparison, 0, "requests_per_second").verdict, Verdict::generator);
}

TEST(Comparison, ShowsTheGilOfServersThatHaveOne) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1000, 0.01)};
    for (Round& round : rounds[0]) {
        round.books.emplace();
        round.books->gils = {{"main", 0.5, 2, 0, 0}, {"1", 0.5, 1, 0, 0}};
    }
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    EXPECT_NEAR(comparison.summaries[0].gil_held.value(), 0.001, 1e-12);
    EXPECT_NEAR(comparison.summaries[0].gil_waiting.value(), 0.003, 1e-12);
    EXPECT_FALSE(comparison.summaries[1].gil_held.has_value());
    EXPECT_THAT(to_text(comparison, "load"), HasSubstr("GIL held per request"));
}

TEST(Comparison, ATerminalObeysNoCommandLine) {
    Settings settings = settings_for(2);
    settings.contenders[0].command = "serve \x1b[2J";
    const Comparison comparison =
        compare(settings, {rounds_around(1000, 0.01), rounds_around(1000, 0.01)}, std::nullopt);
    EXPECT_THAT(to_text(comparison, "load"), Not(HasSubstr("\x1b")));
    EXPECT_THAT(to_text(comparison, "load"), Not(HasSubstr("GIL")));
}

TEST(Comparison, ItsJsonHasEveryRoundAndEveryVerdict) {
    Rounds rounds = {rounds_around(1000, 0.01), rounds_around(1500, 0.01)};
    rounds[1][0].measured.p99_service.reset();
    const Comparison comparison = compare(settings_for(2), std::move(rounds), std::nullopt);
    const boost::json::value json =
        boost::json::parse(to_json(comparison, "the load", report::Environment{}));
    EXPECT_EQ(json.at("format").as_string(), "baton-load-compare");
    EXPECT_EQ(json.at("load").as_string(), "the load");
    EXPECT_EQ(json.at("headline").as_string(), "requests_per_cpu_second");
    EXPECT_EQ(json.at("servers").as_array().size(), 2U);
    const boost::json::value& b = json.at("servers").at(1);
    EXPECT_EQ(b.at("rounds").as_array().size(), 6U);
    EXPECT_TRUE(b.at("rounds").at(0).at("p99_service").is_null());
    EXPECT_NEAR(b.at("medians").at("requests_per_cpu_second").as_double(), 1515, 1e-9);
    const boost::json::value& pair = json.at("pairs").at(0);
    EXPECT_EQ(pair.at("server").as_string(), "B");
    EXPECT_FALSE(pair.at("with_errors").as_bool());
    EXPECT_FALSE(pair.at("noise_floor").as_bool());
    EXPECT_EQ(pair.at("metrics").at(0).at("verdict").as_string(), "better");
    EXPECT_NEAR(pair.at("metrics").at(0).at("ratio").as_double(), 1.5, 1e-9);
    EXPECT_EQ(pair.at("metrics").at(5).at("verdict").as_string(), "not measured");
    EXPECT_TRUE(pair.at("metrics").at(5).at("low").is_null());
}

}  // namespace
}  // namespace loadgen::compare
