#include "server/app/advise.hpp"

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <variant>

#include "server/advisor/report_json.hpp"
#include "server/app/outcome.hpp"
#include "server/client/fetch.hpp"

namespace baton::app {

namespace {

constexpr std::uint64_t kMostBytes = 4 * 1024 * 1024;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

int advise(const cli::Advise& what) {
    const std::string_view url = what.url.empty() ? client::kDefaultUrl : std::string_view(what.url);
    const auto address = client::admin_address(url);
    if (!address) return complain(kUsage, address.error());
    const auto answer = client::fetch(url, "/advice.json", kMostBytes, kPatience);
    if (const auto* trouble = std::get_if<client::Trouble>(&answer)) return complain(kFailed, trouble->line);
    const std::string& json = std::get<client::Body>(answer).bytes;
    const std::optional<std::string> text = advisor::readable(json);
    if (!text) return complain(kFailed, std::string(url) + ": what it says at /advice.json is not advice");
    std::cout << (what.json ? json : *text) << std::flush;
    return std::cout ? kEnded : kFailed;
}

}  // namespace baton::app
