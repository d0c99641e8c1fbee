// What the rounds say: every server against the first, by the median over the rounds of the ratio within a
// round, with its interval, and in one word.
//
// Threads: pure. Lifetime: values. Cannot: see a difference smaller than the interval; "no difference
// detected" is not "the same".
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/compare/runner.hpp"
#include "loadgen/stats/bootstrap.hpp"

namespace loadgen::compare {

struct Metric {
    std::string_view key;   // in JSON: "requests_per_cpu_second"
    std::string_view name;  // for people: "requests per CPU-second"
    bool more_is_better;
    bool time;      // in seconds
    bool from_due;  // of the open model only
    bool server;    // the server's own doing, also when the generator was the limit
    std::optional<double> (*of)(const Round&);
};

// The first one is the headline.
std::span<const Metric> metrics();

enum class Verdict : unsigned char {
    better,
    worse,
    no_difference,   // the interval includes 1, or the ratio lies within what A differs from itself
    too_few_rounds,  // fewer than stats::kFewestRounds
    generator,       // in a round of either the generator was the limit, so it is not about the servers
    not_measured,    // not in every round, or nothing at all
};
std::string_view word_of(Verdict verdict) noexcept;  // "no difference detected"

struct Compared {
    const Metric* metric = nullptr;
    std::optional<stats::Interval95> interval;  // none: not measured
    Verdict verdict = Verdict::not_measured;
};

// One server against the first.
struct Pair {
    std::size_t other = 0;  // its place among the contenders
    std::vector<Compared> metrics;
};

// One server over all of its rounds.
struct Summary {
    std::vector<std::optional<double>> medians;  // by metric
    std::uint64_t answered = 0;
    std::uint64_t errors = 0;
    std::size_t rounds_with_errors = 0;
    std::optional<double> client_cpu;  // seconds per request, median
    std::optional<double> gil_held;    // likewise; none without books or without a GIL
    std::optional<double> gil_waiting;
    std::string no_books;  // of the first round that has none though they were asked for
    std::size_t killed = 0;
    std::size_t own = 0;            // rounds in which the generator was the limit
    std::string own_why;            // what it said in the first of these
    std::size_t not_delivered = 0;  // further rounds in which the load was not what was asked for
    std::string not_delivered_why;
};

struct Comparison {
    std::vector<Contender> contenders;
    Rounds rounds;
    std::vector<Summary> summaries;
    std::vector<Pair> pairs;
    std::optional<std::size_t> again;  // the contender that is the first one once more: the noise floor
    std::size_t asked_rounds = 0;
    std::uint64_t seed = 1;

    std::size_t round_count() const noexcept { return rounds.empty() ? 0 : rounds.front().size(); }
    // Whether there can be numbers of it: nothing is due in the closed model.
    bool has(const Metric& metric) const noexcept;
    // What a reader has to know before believing the verdicts; a sentence each.
    std::vector<std::string> warnings() const;
    // "with errors: A 0 of 4000, B 12 of 4000"; empty without any.
    std::string errors_of(const Pair& pair) const;
    // In some round of some server: nobody should build upon these numbers.
    bool generator_was_limit() const noexcept;
};

Comparison compare(const Settings& settings, Rounds rounds, std::optional<std::size_t> again);

}  // namespace loadgen::compare
