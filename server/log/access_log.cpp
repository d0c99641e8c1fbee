#include "server/log/access_log.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "server/log/access_line.hpp"
#include "server/log/channel.hpp"

namespace baton::log {

AccessLog::AccessLog(config::AccessLog kind, const std::string& format, Channel* channel)
    : kind_(kind), channel_(kind == config::AccessLog::off ? nullptr : channel) {
    if (kind_ != config::AccessLog::format) return;
    config::Parsed<std::vector<config::FormatPiece>> pieces = config::access_format(format);
    if (!pieces) throw std::invalid_argument(pieces.error());
    format_ = std::move(*pieces);
}

void AccessLog::write(const AccessEntry& entry) {
    if (!enabled()) return;
    const auto since =
        std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(entry.duration));
    const WallTime received = std::chrono::system_clock::now() - since;
    fmt::memory_buffer line;
    switch (kind_) {
        case config::AccessLog::off:
            return;
        case config::AccessLog::common:
            append_common(line, entry, received);
            break;
        case config::AccessLog::json:
            append_json_object(line, entry, received);
            break;
        case config::AccessLog::format:
            append_format(line, format_, entry, received);
            break;
    }
    channel_->logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace baton::log
