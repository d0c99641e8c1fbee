#include "loadgen/live/view.hpp"

#include <algorithm>
#include <cmath>

#include "loadgen/report/words.hpp"

namespace loadgen::live {

namespace {

Latency latency_of(const stats::Histogram& histogram) {
    Latency made;
    made.p50 = result::percentile(histogram, 0.50);
    made.p90 = result::percentile(histogram, 0.90);
    made.p99 = result::percentile(histogram, 0.99);
    made.p999 = result::percentile(histogram, 0.999);
    if (histogram.count() > 0) made.most = histogram.most();
    made.n = histogram.count();
    return made;
}

std::size_t decade_of(Nanoseconds latency) noexcept {
    std::size_t decade = 0;
    for (Nanoseconds bound = std::chrono::microseconds(100); latency >= bound && decade + 1 < kDecades;
         bound *= 10) {
        ++decade;
    }
    return decade;
}

Column column_of(const stats::Cells& cells) {
    Column made{};
    for (const auto& [cell, count] : cells.counts)
        made[decade_of(stats::Histogram::lowest_of(cell))] += count;
    return made;
}

void latest(View& view, const std::vector<result::RecentSecond>& seconds, std::size_t complete,
            std::size_t last) {
    view.last = std::min(last, complete);
    if (view.last == 0) return;
    stats::Histogram response;
    stats::Histogram service;
    for (std::size_t i = complete - view.last; i < complete; ++i) {
        const result::RecentSecond& second = seconds[i];
        view.offered += static_cast<double>(second.due);
        view.answered += static_cast<double>(second.answered);
        view.failed += static_cast<double>(second.errors);
        view.cpu += second.cpu;
        response.add(second.response);
        service.add(second.service);
    }
    const auto span = static_cast<double>(view.last);
    for (double* rate : {&view.offered, &view.answered, &view.failed, &view.cpu}) *rate /= span;
    view.in_flight = seconds[complete - 1].in_flight;
    view.response_last = latency_of(response);
    view.service_last = latency_of(service);
}

void so_far(View& view, const result::Collector::Progress& progress) {
    const result::Sum& all = progress.all;
    view.due = all.due;
    view.answers = all.answered;
    view.errors = all.errors();
    view.error_share = all.error_share();
    view.statuses = all.statuses;
    for (std::size_t kind = 1; kind < result::kFailures; ++kind) {
        if (all.failures[kind] == 0) continue;
        view.failures.emplace_back(result::name_of(static_cast<result::Failure>(kind)), all.failures[kind]);
    }
    view.response = latency_of(all.response);
    view.service = latency_of(all.service);
    view.busiest = progress.self.busiest;
    view.late_p99 = result::percentile(progress.self.late, 0.99);
}

}  // namespace

std::size_t complete_seconds(const plan::Plan& plan, const result::Collector::Progress& progress,
                             double elapsed) {
    const double measured = std::ceil(seconds_of(plan.load.duration) - 1e-9);
    const double over = std::clamp(std::floor(elapsed - kHandOver), 0.0, measured);
    const auto numbered = static_cast<std::size_t>(over);
    if (numbered <= progress.first) return 0;
    return std::min(numbered - progress.first, progress.seconds.size());
}

View view_of(const plan::Plan& plan, const result::Collector::Progress& progress, double elapsed,
             std::size_t last) {
    View view;
    view.target = report::target_line(plan);
    view.model = report::model_line(plan);
    view.open = report::is_open(plan);
    view.elapsed = elapsed;
    view.duration = seconds_of(plan.load.duration);
    view.warm_up = seconds_of(plan.load.warm_up);
    const std::size_t complete = complete_seconds(plan, progress, elapsed);
    latest(view, progress.seconds, complete, last);
    if (complete > 0) view.last_second = progress.first + complete - 1;
    so_far(view, progress);
    for (std::size_t i = 0; i < complete; ++i) {
        const result::RecentSecond& second = progress.seconds[i];
        view.strip.push_back(column_of(view.open ? second.response : second.service));
    }
    return view;
}

}  // namespace loadgen::live
