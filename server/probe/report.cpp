#include "server/probe/report.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "server/metrics/histogram.hpp"

namespace baton::probe {

namespace {

static_assert(metrics::kPhaseBounds.size() + 1 == kBuckets, "the bounds are those of the ledger");

void add(GilBook& sum, const GilBook& gil) {
    sum.held += gil.held;
    sum.waited += gil.waited;
    sum.lock_waited += gil.lock_waited;
    sum.takes += gil.takes;
    sum.contended += gil.contended;
    sum.forced += gil.forced;
    sum.voluntary += gil.voluntary;
    sum.waiters += gil.waiters;
    sum.longest_hold = std::max(sum.longest_hold, gil.longest_hold);
    for (std::size_t i = 0; i < kBuckets; ++i) {
        sum.holds[i] += gil.holds[i];
        sum.waits[i] += gil.waits[i];
    }
    sum.holds_sum += gil.holds_sum;
    sum.waits_sum += gil.waits_sum;
}

// A process that executes another program keeps its number and its CPU time: the later book has both.
bool goes_on(const Book& book, const std::vector<Book>& books) {
    return book.ended == 0 && std::any_of(books.begin(), books.end(), [&](const Book& later) {
               return later.pid == book.pid && later.started > book.started && later.cpu >= book.cpu;
           });
}

}  // namespace

std::optional<AtMost> at_most(const std::array<std::uint64_t, kBuckets>& buckets, double share) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : buckets) all += count;
    if (all == 0) return std::nullopt;
    const auto wanted =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))));
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
        so_far += buckets[i];
        if (so_far >= wanted) return AtMost{false, metrics::kPhaseBounds[i]};
    }
    return AtMost{true, metrics::kPhaseBounds.back()};
}

Total total(const std::vector<Book>& books) {
    Total sum;
    for (const Book& book : books) {
        if (book.verdict != Verdict::exact) continue;
        ++sum.processes;
        sum.gils += book.gil_count;
        if (!goes_on(book, books)) sum.cpu += book.cpu;
        for (std::size_t i = 0; i < book.gil_count; ++i) add(sum.gil, book.gils[i]);
    }
    return sum;
}

std::string python_name(const Book& book) {
    const std::string_view version = book.version.data();
    return "CPython " + std::string(version.substr(0, version.find(' ')));
}

std::string interpreter_name(const GilBook& gil) {
    return gil.entry == 0 ? "main" : std::to_string(gil.entry);
}

std::string refusal(const Book& book) {
    if (book.verdict == Verdict::exact) return {};
    const bool free_threaded =
        std::string_view(book.version.data()).find("free-threading") != std::string_view::npos;
    if (free_threaded) return "no books: this is a free-threaded CPython, which runs without a GIL";
    if (book.verdict == Verdict::refused) return "no books: " + std::string(book.fault.data());
    return "not verified yet: Python has not come to the ledger's self-test";
}

}  // namespace baton::probe
