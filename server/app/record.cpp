#include "server/app/record.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/app/new_file.hpp"
#include "server/app/outcome.hpp"
#include "server/client/fetch.hpp"

namespace baton::app {

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::chrono::seconds kPatience{120};  // for everything but the recording itself

}  // namespace

int record(const cli::Trace& what) {
    const std::string_view url = what.url.empty() ? client::kDefaultUrl : std::string_view(what.url);
    const auto address = client::admin_address(url);
    if (!address) return complain(kUsage, address.error());
    const bool json = what.format == cli::TraceFormat::json;
    const std::string path =
        fmt::format("/trace?seconds={}&format={}", what.seconds, json ? "json" : "perfetto");
    const auto patience = kPatience + std::chrono::milliseconds(static_cast<long>(what.seconds * 1000));
    NewFile file(what.output);  // before the recording: nobody should wait for one that cannot be kept
    if (const std::string fault = file.open(); !fault.empty()) return complain(kFailed, fault);
    const auto take = [&file](std::string_view piece) -> std::optional<client::Trouble> {
        std::string fault = file.write(piece);
        if (fault.empty()) return std::nullopt;
        return client::Trouble{std::move(fault)};
    };
    if (const auto trouble = client::fetch_into(take, url, path, kMostBytes, patience))
        return complain(kFailed, trouble->line);
    if (const std::string fault = file.finish(); !fault.empty()) return complain(kFailed, fault);
    if (what.output != "-")
        say(
            fmt::format("{} seconds of the GIL's timeline are in {} ({} KiB). To see them, open the file at "
                        "https://ui.perfetto.dev: it stays in the browser.",
                        what.seconds, what.output, (file.size() + 1023) / 1024));
    return kEnded;
}

}  // namespace baton::app
