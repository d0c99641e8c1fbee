#include "server/admin/rounds.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "server/log/escape.hpp"

namespace baton::admin {

namespace {

constexpr std::chrono::minutes kQuiet{1};

}  // namespace

Rounds::Rounds(Report report) : report_(std::move(report)) {}

void Rounds::add(std::string name, std::function<void()> step) {
    steps_.push_back({std::move(name), std::move(step)});
}

void Rounds::run(Time now) noexcept {
    for (Step& step : steps_) {
        try {
            step.run();
        } catch (const std::exception& error) {
            failed(step, error.what(), now);
        } catch (...) {
            failed(step, "unknown", now);
        }
    }
}

void Rounds::failed(Step& step, const char* why, Time now) const noexcept {
    ++step.failures;
    if (!report_ || now < step.quiet_until) return;
    try {
        report_(step.failures == 1 ? fmt::format("admin: {} failed: {}", step.name, log::escaped(why))
                                   : fmt::format("admin: {} failed {} times: {}", step.name, step.failures,
                                                 log::escaped(why)));
        step.failures = 0;
        step.quiet_until = now + kQuiet;
    } catch (...) {  // no memory for the line: the next time
        return;
    }
}

}  // namespace baton::admin
