#include "server/history/slow_book.hpp"

#include <algorithm>
#include <utility>

namespace baton::history {
namespace {

bool slower(const metrics::SlowRequest& a, const metrics::SlowRequest& b) {
    return a.spent.duration > b.spent.duration;
}

void keep_slowest(std::vector<metrics::SlowRequest>& requests, std::size_t most) {
    std::stable_sort(requests.begin(), requests.end(), slower);
    if (requests.size() > most) requests.resize(most);
}

}  // namespace

SlowBook::Minute& SlowBook::minute(Nanoseconds now) {
    if (minutes_.empty() || now - minutes_.back().begin >= kMinute) minutes_.push_back({now, {}});
    while (now - minutes_.front().begin >= static_cast<Nanoseconds>(kMinutes + 1) * kMinute) {
        minutes_.pop_front();
        ++version_;
    }
    return minutes_.back();
}

Nanoseconds SlowBook::threshold(Nanoseconds now) {
    const std::vector<metrics::SlowRequest>& slowest = minute(now).slowest;
    return slowest.size() < kMost ? 0 : slowest.back().spent.duration;
}

void SlowBook::add(std::vector<metrics::SlowRequest> found, Nanoseconds now) {
    if (found.empty()) return;
    std::vector<metrics::SlowRequest>& slowest = minute(now).slowest;
    std::move(found.begin(), found.end(), std::back_inserter(slowest));
    keep_slowest(slowest, kMost);
    ++version_;
}

std::vector<metrics::SlowRequest> SlowBook::slowest() const {
    std::vector<metrics::SlowRequest> all;
    for (const Minute& minute : minutes_) all.insert(all.end(), minute.slowest.begin(), minute.slowest.end());
    keep_slowest(all, kMost);
    return all;
}

}  // namespace baton::history
