#include "loadgen/live/viewer.hpp"

#include <exception>

#include "loadgen/live/frame.hpp"
#include "loadgen/live/plain.hpp"
#include "loadgen/live/terminal.hpp"
#include "loadgen/live/view.hpp"

namespace loadgen::live {

namespace {

constexpr Nanoseconds kRefresh = std::chrono::milliseconds(200);
// Numbers come once a second; asking for them means a copy of all sums.
constexpr double kAskEvery = 0.5;

double since(Moment moment) {
    return seconds_of(Clock::now() - moment);
}

}  // namespace

Style style_for(int fd) noexcept {
    return is_terminal(fd) ? Style::screen : Style::plain;
}

Viewer::Viewer(const plan::Plan& plan, const result::Collector& collector, Style style, int fd)
    : plan_(plan), collector_(collector), style_(style), fd_(fd) {}

Viewer::~Viewer() {
    end();
}

void Viewer::begin(Moment start) {
    if (style_ == Style::none || thread_.joinable()) return;
    const Moment measured = start + plan_.load.warm_up;
    thread_ = std::jthread([this, measured](const std::stop_token& stop) {
        // A view that cannot be had must not end the run.
        try {
            style_ == Style::screen ? run_screen(stop, measured) : run_plain(stop, measured);
        } catch (const std::exception&) {
            return;
        }
    });
}

void Viewer::end() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

bool Viewer::pause(const std::stop_token& stop, Nanoseconds span) {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, stop, span, [] { return false; });
    return !stop.stop_requested();
}

void Viewer::run_screen(const std::stop_token& stop, Moment measured) {
    Screen screen(fd_);
    View view = view_of(plan_, collector_.progress(), since(measured));
    double asked = since(measured);
    do {
        const double now = since(measured);
        if (now - asked >= kAskEvery) {
            view = view_of(plan_, collector_.progress(), now);
            asked = now;
        }
        view.elapsed = now;
        const Look look = look_of(fd_);
        if (!screen.show(render(view, look), look.columns)) return;
    } while (pause(stop, kRefresh));
}

void Viewer::run_plain(const std::stop_token& stop, Moment measured) {
    const std::size_t step = seconds_per_line(plan_);
    std::size_t printed = 0;
    bool goes_on = true;
    while (goes_on) {
        goes_on = pause(stop, kRefresh);
        // Only when the next line may be due, as asking costs a copy. At the end: all whole seconds, as all
        // have been handed over.
        const double now = since(measured);
        if (goes_on && now < static_cast<double>(printed + step)) continue;
        const auto progress = collector_.progress();
        const double until = goes_on ? now : now + kHandOver;
        const std::size_t complete = progress.first + complete_seconds(plan_, progress, until);
        for (; printed + step <= complete; printed += step) {
            const View view = view_of(plan_, progress, static_cast<double>(printed + step) + 0.5, step);
            if (view.last == 0) continue;
            if (!write_all(fd_, plain_line(view) + '\n')) return;
        }
    }
}

}  // namespace loadgen::live
