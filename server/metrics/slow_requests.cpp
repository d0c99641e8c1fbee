#include "server/metrics/slow_requests.hpp"

#include <algorithm>
#include <iterator>

namespace baton::metrics {
namespace {

bool slower(const SlowRequest& a, const SlowRequest& b) {
    return a.spent.duration > b.spent.duration;
}

}  // namespace

void SlowRequests::keep(const dispatch::Exchange& exchange, const Phases& spent, routing::RouteId route,
                        int status) {
    const http::Request& request = exchange.request;
    SlowRequest slow{.spent = spent,
                     .ended = exchange.timeline.head + spent.duration,
                     .route = route,
                     .status = status,
                     .id = exchange.id.substr(0, SlowRequest::kLongestId),
                     .method = std::string(request.method().substr(0, SlowRequest::kLongestMethod)),
                     .path = std::string(request.raw_path().substr(0, SlowRequest::kLongestPath))};
    const std::lock_guard lock(mutex_);
    if (spent.duration <= least_) return;
    if (slowest_.size() == kMost) {
        if (spent.duration <= slowest_.front().spent.duration) return;
        std::pop_heap(slowest_.begin(), slowest_.end(), slower);
        slowest_.pop_back();
    }
    slowest_.push_back(std::move(slow));
    std::push_heap(slowest_.begin(), slowest_.end(), slower);
    if (slowest_.size() == kMost)
        threshold_.store(slowest_.front().spent.duration, std::memory_order_relaxed);
}

void SlowRequests::take(std::vector<SlowRequest>& all, Nanoseconds threshold) {
    const std::lock_guard lock(mutex_);
    std::move(slowest_.begin(), slowest_.end(), std::back_inserter(all));
    slowest_.clear();
    least_ = threshold;
    threshold_.store(threshold, std::memory_order_relaxed);
}

}  // namespace baton::metrics
