#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "loadgen/report/html_parts.hpp"
#include "loadgen/report/server_text.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report::html {

namespace {

// In the order in which a bar shows them; the names are also classes of the style sheet.
constexpr std::array<const char*, 7> kPhases = {"queue",   "ready",     "gil_wait", "gil_hold",
                                                "off_gil", "lock_wait", "send"};

std::string key(const books::Books& books) {
    std::string made = R"(<div class="key">)";
    for (const char* phase : kPhases) {
        const bool used =
            std::any_of(books.routes.begin(), books.routes.end(),
                        [phase](const books::Route& route) { return phase_of(route, phase) > 0; });
        if (used) made += fmt::format(R"(<span><i class="{0}"></i>{0}</span>)", phase);
    }
    return made + "</div>";
}

std::string bar(const books::Route& route, double longest) {
    std::string made = R"(<div class="bar">)";
    for (const char* phase : kPhases) {
        const double seconds = phase_of(route, phase);
        if (seconds <= 0 || longest <= 0) continue;
        made += fmt::format(R"(<i class="{0}" style="width:{1:.3f}%" title="{0} {2}"></i>)", phase,
                            100 * seconds / longest, duration_text(seconds));
    }
    return made + "</div>";
}

double length_of(const books::Route& route) {
    double length = 0;
    for (const char* phase : kPhases) length += phase_of(route, phase);
    return length;
}

std::string bars(const books::Books& books) {
    double longest = 0;
    for (const books::Route& route : books.routes) longest = std::max(longest, length_of(route));
    std::string made = key(books) + R"(<div class="routes">)";
    for (const books::Route& route : books.routes) {
        made += fmt::format(
            R"(<div class="route"><span class="name">{}</span>{}<span class="time">{}</span></div>)",
            escaped(printable(route.name)), bar(route, longest), duration_text(length_of(route)));
    }
    return made + "</div>";
}

std::string route_table(const Report& report) {
    const bool open = is_open(report.result.plan);
    std::vector<std::string> head = {"route", "requests", "mean, ms"};
    head.insert(head.end(), kPhases.begin(), kPhases.end());
    head.insert(head.end(), {"CPU", "client p50", "client p99"});
    std::vector<std::vector<std::string>> rows;
    for (const books::Route& route : report.books->routes) {
        const double requests = std::max(route.requests, 0.0);
        const auto per_request = [requests](double all) {
            return milliseconds_text(requests > 0 ? all / requests : 0);
        };
        rows.push_back({printable(route.name), count_text(static_cast<std::uint64_t>(requests)),
                        per_request(route.duration)});
        for (const char* phase : kPhases) rows.back().push_back(milliseconds_text(phase_of(route, phase)));
        rows.back().push_back(per_request(route.cpu));
        const result::Sum* client = client_of(route, report.result);
        for (const double fraction : {0.50, 0.99}) {
            rows.back().push_back(
                client == nullptr
                    ? std::string("-")
                    : duration_text(result::percentile(open ? client->response : client->service, fraction)));
        }
    }
    return table(head, rows);
}

std::string gil_table(const books::Books& books) {
    std::vector<std::vector<std::string>> rows;
    for (const books::Gil& gil : books.gils) {
        const double wall = books.wall > 0 ? books.wall : 1;
        rows.push_back({gil.interpreter, percent_text(gil.held / wall),
                        fmt::format("{:.2f}", gil.waiting / wall),
                        count_text(static_cast<std::uint64_t>(std::max(gil.releases, 0.0))),
                        count_text(static_cast<std::uint64_t>(std::max(gil.forced, 0.0)))});
    }
    return rows.empty()
               ? std::string()
               : table({"GIL of interpreter", "held", "threads waiting", "releases", "forced"}, rows);
}

}  // namespace

std::string server(const Report& report) {
    if (!report.books) return {};
    const books::Books& books = *report.books;
    const std::optional<double> per_core = books.requests_per_cpu_second();
    std::string runtime;
    for (const auto& [label, value] : books.runtime)
        runtime += ", " + printable(label, 60) + ' ' + printable(value, 60);
    std::string roles;
    for (const auto& [role, cpu] : books.thread_cpu)
        roles += ", " + printable(role, 60) + ' ' + duration_text(cpu);
    std::string made = "<section><h2>The server's side</h2>";
    made += fmt::format(
        R"(<p class="hint">{} requests per CPU-second; {} requests, {} CPU in {}; {} rejected{}{}</p>)",
        per_core ? rate_text(*per_core) : std::string(kNotAvailable),
        count_text(static_cast<std::uint64_t>(std::max(books.requests, 0.0))), duration_text(books.cpu),
        duration_text(books.wall), count_text(static_cast<std::uint64_t>(std::max(books.rejected, 0.0))),
        escaped(runtime), escaped(roles.empty() ? roles : "; CPU by thread: " + roles.substr(2)));
    if (!books.routes.empty()) made += "<h3>Where a request's time goes, mean by route</h3>" + bars(books);
    if (!books.routes.empty()) made += R"(<div class="scroll">)" + route_table(report) + "</div>";
    made += R"(<div class="scroll">)" + gil_table(books) + "</div>";
    return made + "</section>";
}

}  // namespace loadgen::report::html
