#include "server/admin/pages.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "server/admin/live_page.hpp"
#include "server/admin/status.hpp"
#include "server/advisor/report_json.hpp"
#include "server/metrics/collector.hpp"
#include "server/metrics/exposition.hpp"

namespace baton::admin {
namespace {

constexpr std::string_view kJson = "application/json";

Page index_page(const Sources& sources);

Page metrics_page(const Sources& sources) {
    const auto families = metrics::families(sources.observatory.observe());
    return {200, metrics::kExpositionType, metrics::exposition(families)};
}

Page livez(const Sources&) {
    return plain(200, "ok\n");
}

Page readyz(const Sources& sources) {
    const Readiness readiness = sources.readiness();
    if (readiness == Readiness::ready) return plain(200, "ok\n");
    return plain(503, std::string(word(readiness)) + '\n');
}

Page status_page(const Sources& sources) {
    return {200, kJson, status_json(sources.observatory.observe(), sources.readiness())};
}

Page routes_page(const Sources& sources) {
    return {200, kJson, routes_json(sources.observatory.observe())};
}

Page advice_page(const Sources& sources) {
    return {200, kJson, advisor::json(sources.advisor.report())};
}

Page config_page(const Sources& sources) {
    return {200, kJson, sources.config()};
}

Reply trace(std::string_view target, const Sources&, TracePage& traces) {
    return traces.answer(target);
}

Reply events(std::string_view, const Sources& sources, TracePage&) {
    return sources.live.events();
}

Page history_page(const Sources& sources) {
    return {200, kJson, sources.live.history_json()};
}

struct Entry {
    std::string_view path;
    std::string_view says;
    // One of the two: a page, or what reads the query itself and may take its time.
    Page (*make)(const Sources&);
    Reply (*answer)(std::string_view target, const Sources&, TracePage&) = nullptr;
};

constexpr std::array<Entry, 11> kPages = {{
    {"/", "the live page", index_page},
    {"/metrics", "metrics in Prometheus text", metrics_page},
    {"/livez", "200 while the process runs", livez},
    {"/readyz", "200 while requests are served, else 503 with the reason", readyz},
    {"/status.json", "the state of the server, with the busiest routes", status_page},
    {"/routes.json", "all routes and where their time went", routes_page},
    {"/advice.json", "what could be better, with the numbers that say so", advice_page},
    {"/history.json", "the last 15 minutes, a sample a second", history_page},
    {"/events", "what is new, each second, as server-sent events", nullptr, events},
    {"/config.json", "the configuration in effect", config_page},
    {"/trace", "a recording of the GIL's timeline: 5 s for Perfetto; seconds=, format=json", nullptr, trace},
}};

Page index_page(const Sources& sources) {
    std::string links;
    for (const Entry& entry : kPages) {
        links.append("<a href=\"").append(entry.path).append("\" title=\"").append(entry.says);
        links.append("\">").append(entry.path).append("</a>\n");
    }
    return live_page(sources.observatory.observe(), sources.readiness(), links);
}

Page not_found() {
    std::string text = "There is no such page. There are:\n";
    for (const Entry& entry : kPages) text.append(entry.path).append("  ").append(entry.says).append("\n");
    return plain(404, std::move(text));
}

}  // namespace

Reply page(const Asked& asked, const Sources& sources, TracePage& traces) {
    const std::string_view path = asked.target.substr(0, asked.target.find('?'));
    for (const Entry& entry : kPages) {
        if (entry.path != path) continue;
        // The others cost little, and the page that asks across sites does not see them.
        if (entry.answer != nullptr && asked.cross_site)
            return plain(403, "no page of another site may ask for this\n");
        if (entry.answer != nullptr) return entry.answer(asked.target, sources, traces);
        return entry.make(sources);
    }
    if (std::optional<Page> file = asset(path)) return *std::move(file);
    return not_found();
}

}  // namespace baton::admin
