#include "server/log/logs.hpp"

namespace baton::log {

namespace {

// Lines that may wait; each takes about 400 bytes of memory from the start.
constexpr std::size_t kEventCapacity = 1024;
constexpr std::size_t kRequestCapacity = 8192;

spdlog::level::level_enum level(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::debug:
            return spdlog::level::debug;
        case config::LogLevel::info:
            return spdlog::level::info;
        case config::LogLevel::warning:
            return spdlog::level::warn;
        case config::LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

Logs::Logs(const config::Config& config, int events, int requests)
    : events_(std::in_place, "baton-log", kEventPattern, events, kEventCapacity),
      // In two steps, as there is no thread for a log that is off.
      requests_(),
      access_(config.access_log, config.access_log_format,
              config.access_log == config::AccessLog::off
                  ? nullptr
                  : &requests_.emplace("baton-access", "%v", requests, kRequestCapacity)) {
    events_->logger().set_level(level(config.log_level));
}

Logs::~Logs() {
    if (const std::size_t lines = dropped(); lines > 0) {
        events_->logger().warn(
            "{} log lines were dropped: standard output or standard error was read too slowly", lines);
    }
    close();
}

void Logs::close() {
    if (requests_) requests_->close();
    events_->close();
}

std::size_t Logs::dropped() const {
    return events_->dropped() + (requests_ ? requests_->dropped() : 0);
}

}  // namespace baton::log
