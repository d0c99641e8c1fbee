#include "server/app/record.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "server/app/new_file.hpp"
#include "server/app/outcome.hpp"
#include "server/client/fetch.hpp"

namespace baton::app {

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::chrono::seconds kPatience{120};  // for everything but the recording itself

// What the server says behind the recording; nothing when it does not.
struct Became {
    double seconds = 0.0;
    std::uint64_t dropped = 0;
};

std::optional<Became> became(std::string_view text) {
    constexpr std::string_view kSeconds = "seconds=";
    constexpr std::string_view kDropped = "; dropped=";
    if (!text.starts_with(kSeconds)) return std::nullopt;
    Became result;
    const char* const end = text.data() + text.size();
    const auto seconds = std::from_chars(text.data() + kSeconds.size(), end, result.seconds);
    if (seconds.ec != std::errc()) return std::nullopt;
    const std::string_view rest(seconds.ptr, static_cast<std::size_t>(end - seconds.ptr));
    if (!rest.starts_with(kDropped)) return std::nullopt;
    const auto dropped = std::from_chars(seconds.ptr + kDropped.size(), end, result.dropped);
    if (dropped.ec != std::errc() || dropped.ptr != end) return std::nullopt;
    return result;
}

void say_what_became(const cli::Trace& what, std::string_view trailer, std::size_t bytes) {
    const Became known = became(trailer).value_or(Became{.seconds = what.seconds});
    if (what.output != "-")
        say(fmt::format(
            "{:.3g} seconds of the GIL's timeline are in {} ({} KiB). To see them, open the file at "
            "https://ui.perfetto.dev: it stays in the browser.",
            known.seconds, what.output, (bytes + 1023) / 1024));
    if (known.dropped > 0)
        say(fmt::format(
            "the recording was full after {:.3g} of {:.3g} seconds: it ends there, {} changes are "
            "not in it",
            known.seconds, what.seconds, known.dropped));
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
    NewFile file(what.output);  // before the recording: nobody should wait for one that cannot be kept
    if (const std::string fault = file.open(); !fault.empty()) return complain(kFailed, fault);
    const auto take = [&file](std::string_view piece) -> std::optional<client::Trouble> {
        std::string fault = file.write(piece);
        if (fault.empty()) return std::nullopt;
        return client::Trouble{std::move(fault)};
    };
    client::Field trailer{"Baton-Trace"};
    if (const auto trouble = client::fetch_into(take, url, path, kMostBytes, patience, &trailer))
        return complain(kFailed, trouble->line);
    if (const std::string fault = file.finish(); !fault.empty()) return complain(kFailed, fault);
    say_what_became(what, trailer.value, file.size());
    return kEnded;
}

}  // namespace baton::app
