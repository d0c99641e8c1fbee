#include "server/metrics/throughput.hpp"

namespace baton::metrics {

void Throughput::tick(const Sample& sample) {
    const std::lock_guard lock(mutex_);
    if (!samples_.empty() && sample.at - samples_.back().at < kStep) return;
    samples_.push_back(sample);
    while (samples_.size() > 2 && sample.at - samples_[1].at >= kSpan) samples_.pop_front();
}

double Throughput::per_cpu_second(const Sample& now) const {
    const std::lock_guard lock(mutex_);
    if (samples_.empty()) return 0.0;
    const Sample& then = samples_.front();
    if (now.cpu <= then.cpu) return 0.0;
    return static_cast<double>(now.requests - then.requests) * 1e9 / static_cast<double>(now.cpu - then.cpu);
}

}  // namespace baton::metrics
