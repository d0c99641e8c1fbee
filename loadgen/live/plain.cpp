#include "loadgen/live/plain.hpp"

#include <fmt/format.h>

#include "loadgen/report/words.hpp"

namespace loadgen::live {

using report::count_text;
using report::duration_text;
using report::rate_text;

std::string plain_line(const View& view) {
    const Latency& latency = view.open ? view.response_last : view.service_last;
    std::string line = fmt::format("{:>5} s  ", view.last_second + 1);
    if (view.open) line += rate_text(view.offered) + "/s offered  ";
    line += fmt::format("{}/s answered  {}/s errors  {} in flight  {} p50 {}  p99 {}  max {}",
                        rate_text(view.answered), rate_text(view.failed), count_text(view.in_flight),
                        view.open ? "from due" : "from sent", duration_text(latency.p50),
                        duration_text(latency.p99), duration_text(latency.most));
    return line;
}

std::size_t seconds_per_line(const plan::Plan& plan) noexcept {
    return plan.load.duration > std::chrono::minutes(1) ? 5 : 1;
}

}  // namespace loadgen::live
