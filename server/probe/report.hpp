// What a probe has to say: text for people, JSON for programs.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: say anything of requests: it sees the GIL and not what it is taken for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/probe/reader.hpp"

namespace baton::probe {

struct Run {
    std::vector<std::string> command;
    std::int64_t wall = 0;      // nanoseconds
    std::optional<int> status;  // nothing: it still runs
};

// Of a histogram: the bound that this share of the values does not exceed; nothing when there is no value.
struct AtMost {
    bool beyond = false;  // above the last bound, which `bound` then is
    std::int64_t bound = 0;
};
std::optional<AtMost> at_most(const std::array<std::uint64_t, kBuckets>& buckets, double share);

// The sums over all processes whose books are exact.
struct Total {
    std::size_t processes = 0;
    std::size_t gils = 0;
    std::int64_t cpu = 0;
    GilBook gil;
};
Total total(const std::vector<Book>& books);

// "CPython 3.11.2"
std::string python_name(const Book& book);
// The interpreter's name: main, or a number.
std::string interpreter_name(const GilBook& gil);
// Why this book has no numbers; empty when it has.
std::string refusal(const Book& book);

std::string report_text(const Run& run, const Books& books);
std::string report_json(const Run& run, const Books& books);

}  // namespace baton::probe
