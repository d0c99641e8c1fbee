// Garbage collections that matter: much of the time, or long at a stretch.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

constexpr double kShare = 0.05;  // of the time
constexpr double kLargeShare = 0.15;
constexpr Nanoseconds kLongPause = 50'000'000;
constexpr std::uint64_t kLeastLong = 2;

// Pauses that took longer than kLongPause, one of the histogram's bounds.
std::uint64_t long_pauses(const metrics::PhaseCount& pauses) {
    const auto* const bound =
        std::find(metrics::kPhaseBounds.begin(), metrics::kPhaseBounds.end(), kLongPause);
    std::uint64_t count = 0;
    for (auto i = std::distance(metrics::kPhaseBounds.begin(), bound) + 1;
         i < static_cast<std::ptrdiff_t>(pauses.buckets.size()); ++i)
        count += pauses.buckets[static_cast<std::size_t>(i)];
    return count;
}

}  // namespace

Verdict gc_pauses(const Window& window, const Facts& facts) {
    Verdict verdict;
    verdict.lacks = lacks_time(window);
    if (verdict.lacks) return verdict;
    Nanoseconds all = 0;
    std::uint64_t count = 0;
    std::uint64_t slow = 0;
    for (const GcWindow& gc : window.gc) {
        all += gc.pauses.sum;
        count += gc.pauses.count();
        slow += long_pauses(gc.pauses);
    }
    const double share = window.share(all);
    if (count == 0 || (share < kShare && slow < kLeastLong)) return verdict;
    Advice advice;
    advice.id = "gc_pauses";
    advice.severity = share >= kLargeShare ? Severity::warning : Severity::hint;
    advice.interpreter = "main";
    advice.weight = share;
    advice.title = "Garbage collections take time that everybody waits for";
    advice.finding = fmt::format(
        "{} took {} of the time, {} on average; {} took more than 50 ms. {}", plural(count, "collection"),
        percent(share), duration(static_cast<double>(all) / static_cast<double>(count)), slow,
        facts.gil ? "The GIL is held all the while." : "All threads of Python stand still meanwhile.");
    advice.do_this =
        "Call gc.freeze() when the application is loaded, so that what lives for ever is not looked at "
        "again; "
        "raise gc.set_threshold(); make fewer objects that refer to each other in circles.";
    advice.expect = fmt::format("Up to {} of the time back, and requests that do not wait for a collection.",
                                percent(share));
    advice.numbers = {{"gc_share_of_time", share},
                      {"collections", static_cast<double>(count)},
                      {"long_pauses", static_cast<double>(slow)},
                      {"mean_pause_seconds", seconds(all) / static_cast<double>(count)}};
    verdict.advice.push_back(std::move(advice));
    return verdict;
}

}  // namespace baton::advisor
