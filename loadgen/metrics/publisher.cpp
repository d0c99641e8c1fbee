#include "loadgen/metrics/publisher.hpp"

#include "loadgen/metrics/exposition.hpp"

namespace loadgen::metrics {

Publisher::Publisher(const plan::Plan& plan, const boost::asio::ip::tcp::endpoint& at)
    : plan_(plan), last_(result::Collector(plan).progress()), listener_(at, [this] { return text(); }) {}

void Publisher::begin(const result::Collector& collector) {
    const std::lock_guard lock(mutex_);
    collector_ = &collector;
}

void Publisher::end() {
    const std::lock_guard lock(mutex_);
    if (collector_ == nullptr) return;
    last_ = collector_->progress();
    collector_ = nullptr;
    over_ = true;
}

std::string Publisher::text() const {
    const std::lock_guard lock(mutex_);
    if (collector_ != nullptr) return to_text(plan_, collector_->progress(), Stage::running);
    return to_text(plan_, last_, over_ ? Stage::over : Stage::waiting);
}

}  // namespace loadgen::metrics
