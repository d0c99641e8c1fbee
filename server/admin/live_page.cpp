#include "server/admin/live_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "embedded/page.hpp"
#include "server/admin/gil_status.hpp"
#include "server/admin/loop_status.hpp"
#include "server/history/route_rates.hpp"
#include "server/metrics/quantile.hpp"

namespace baton::admin {
namespace {

using metrics::Phase;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr std::size_t kMostRoutes = 100;

struct File {
    std::string_view name;
    std::string_view type;
    const std::string_view* text;
};

constexpr std::array<File, 20> kFiles = {{
    {"page.js", kScript, &embedded::page::page_js},
    {"ask.js", kScript, &embedded::page::ask_js},
    {"charts.js", kScript, &embedded::page::charts_js},
    {"dom.js", kScript, &embedded::page::dom_js},
    {"format.js", kScript, &embedded::page::format_js},
    {"hatch.js", kScript, &embedded::page::hatch_js},
    {"lanes.js", kScript, &embedded::page::lanes_js},
    {"listen.js", kScript, &embedded::page::listen_js},
    {"panels.js", kScript, &embedded::page::panels_js},
    {"routes.js", kScript, &embedded::page::routes_js},
    {"theme.js", kScript, &embedded::page::theme_js},
    {"timeline.js", kScript, &embedded::page::timeline_js},
    {"trace.js", kScript, &embedded::page::trace_js},
    {"uplot.js", kScript, &embedded::page::uplot_js},
    {"uplot.css", kStyle, &embedded::page::uplot_css},
    {"house.css", kStyle, &embedded::page::house_css},
    {"page.css", kStyle, &embedded::page::page_css},
    {"icon.svg", "image/svg+xml", &embedded::page::icon_svg},
    {"uplot-licence.txt", kText, &embedded::page::uplot_licence},
    {"page.html", kHtml, &embedded::page::page_html},
}};

// FNV-1a over all files: a name for this very set of them, nothing that has to stand against an attacker.
std::uint64_t add_to_hash(std::uint64_t hash, std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

const std::string& set_name() {
    static const std::string kName = [] {
        std::uint64_t hash = 0xCBF29CE484222325ULL;
        for (const File& file : kFiles) hash = add_to_hash(add_to_hash(hash, file.name), *file.text);
        return fmt::format("{:016x}", hash);
    }();
    return kName;
}

std::string etag(std::string_view text) {
    return fmt::format("\"{:016x}\"", add_to_hash(0xCBF29CE484222325ULL, text));
}

std::string milliseconds(std::optional<double> seconds) {
    return seconds ? fmt::format("{:.3g} ms", *seconds * 1e3) : "-";
}

std::string route_line(const history::RouteRow& row) {
    const history::RouteSums& sums = row.total;
    return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3f} s</td></tr>\n",
                       html_text(row.label), sums.requests.count(), sums.errors,
                       milliseconds(metrics::quantile(sums.requests, metrics::kRequestBounds, 0.5)),
                       milliseconds(metrics::quantile(sums.requests, metrics::kRequestBounds, 0.99)),
                       static_cast<double>(sums[Phase::gil_hold]) / 1e9);
}

// What is wider than a phone is scrolled by itself.
std::string scrolled(std::string_view title, std::string_view table) {
    return fmt::format(
        "<section><h2>{0}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"{0}\">{1}</div></section>\n",
        title, table);
}

std::string routes_table(const metrics::Observation& seen) {
    history::RouteRates rates;
    rates.add(seen, 0);
    std::string html =
        "<table class=\"numbers\"><thead><tr><th>route</th>"
        "<th>requests</th><th>errors</th><th>p50</th><th>p99</th><th>GIL held</th></tr></thead><tbody>\n";
    for (const history::RouteRow& row : rates.rows(seen, kMostRoutes)) html += route_line(row);
    return scrolled("Routes since the start", html + "</tbody></table>");
}

std::string threads_table(const metrics::Observation& seen) {
    const std::string rows = python_threads_html(seen);
    if (rows.empty()) return {};
    return scrolled("Threads now",
                    "<table class=\"numbers left\"><thead><tr><th>thread</th>"
                    "<th>does</th><th>for</th><th>request</th><th>at it for</th><th>request id</th>"
                    "<th>route</th></tr></thead><tbody>\n" +
                        rows + "</tbody></table>");
}

std::string plain(const metrics::Observation& seen) {
    std::string html =
        fmt::format("<section><p>{} requests, {} in progress, {} in the queue.</p></section>\n",
                    seen.totals.requests, seen.totals.active_requests, seen.queue_length);
    html += routes_table(seen) + threads_table(seen);
    const std::string loops = loops_html(seen);
    if (!loops.empty()) html += "<section><h2>Event loops</h2>\n<ul>\n" + loops + "</ul></section>\n";
    return html + "<noscript><p class=\"hint\">Charts and the timeline need JavaScript.</p></noscript>\n";
}

std::string about(const metrics::RuntimeInfo& runtime) {
    return fmt::format("{}, CPython {}, {}, {}, GIL policy {}", runtime.version, runtime.python_version,
                       runtime.mode, runtime.interface, runtime.gil_policy);
}

using Parts = std::vector<std::pair<std::string_view, std::string>>;

// {{name}} becomes the part of this name; what a part says is not looked at again.
std::string filled(std::string_view text, const Parts& parts) {
    std::string out;
    for (std::size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{")) {
        const std::size_t end = text.find("}}", at);
        const std::string_view name = text.substr(at + 2, end - at - 2);
        const auto part =
            std::find_if(parts.begin(), parts.end(), [&](const auto& one) { return one.first == name; });
        out += text.substr(0, at);
        if (part != parts.end()) out += part->second;
        text.remove_prefix(end + 2);
    }
    return out.append(text);
}

}  // namespace

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

Page live_page(const metrics::Observation& seen, Readiness readiness, const std::string& links) {
    Page page{.status = 200, .type = kHtml, .body = {}};
    page.policy = kPolicy;
    page.body = filled(embedded::page::page_html, {{"assets", std::string(kAssets) + set_name() + '/'},
                                                   {"state", std::string(word(readiness))},
                                                   {"about", html_text(about(seen.runtime))},
                                                   {"plain", plain(seen)},
                                                   {"links", links}});
    return page;
}

std::optional<Page> asset(std::string_view path) {
    const std::string folder = std::string(kAssets) + set_name() + '/';
    if (!path.starts_with(folder)) return std::nullopt;
    path.remove_prefix(folder.size());
    const auto found =
        std::find_if(kFiles.begin(), kFiles.end(), [&](const File& file) { return file.name == path; });
    if (found == kFiles.end() || found->type == kHtml) return std::nullopt;
    Page page{.status = 200, .type = found->type, .body = std::string(*found->text)};
    page.etag = etag(*found->text);
    page.immutable = true;
    return page;
}

}  // namespace baton::admin
