#include "server/app/record.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <variant>

#include "server/app/outcome.hpp"
#include "server/client/fetch.hpp"

namespace baton::app {

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::chrono::seconds kPatience{120};  // for everything but the recording itself

// Empty, or why not.
std::string write(const std::string& path, const std::string& bytes) {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> opened;
    std::FILE* file = stdout;
    if (path != "-") {
        opened.reset(std::fopen(path.c_str(), "wbe"));
        file = opened.get();
    }
    const bool written = file != nullptr &&
                         std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() &&
                         std::fflush(file) == 0;
    if (written) return {};
    return fmt::format("{}: {}", path == "-" ? "standard output" : path, std::strerror(errno));
}

}  // namespace

int record(const cli::Trace& what) {
    const std::string_view url = what.url.empty() ? client::kDefaultUrl : std::string_view(what.url);
    const auto address = client::admin_address(url);
    if (!address) return complain(kUsage, address.error());
    const bool json = what.format == cli::TraceFormat::json;
    const std::string path =
        fmt::format("/trace?seconds={}&format={}", what.seconds, json ? "json" : "perfetto");
    const auto patience = kPatience + std::chrono::milliseconds(static_cast<long>(what.seconds * 1000));
    const auto answer = client::fetch(url, path, kMostBytes, patience);
    if (const auto* trouble = std::get_if<client::Trouble>(&answer)) return complain(kFailed, trouble->line);
    const std::string& bytes = std::get<client::Body>(answer).bytes;
    if (const std::string fault = write(what.output, bytes); !fault.empty()) return complain(kFailed, fault);
    if (what.output != "-")
        say(
            fmt::format("{} seconds of the GIL's timeline are in {} ({} KiB). To see them, open the file at "
                        "https://ui.perfetto.dev: it stays in the browser.",
                        what.seconds, what.output, (bytes.size() + 1023) / 1024));
    return kEnded;
}

}  // namespace baton::app
