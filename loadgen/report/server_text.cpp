#include "loadgen/report/server_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace {

constexpr std::size_t kRoutesShown = 20;

std::string headline(const books::Books& books, const Paint& paint) {
    const std::optional<double> per_core = books.requests_per_cpu_second();
    std::string line = paint(Colour::bold, (per_core ? rate_text(*per_core) : std::string(kNotAvailable)) +
                                               " requests per CPU-second");
    line += fmt::format(", {} requests, {} CPU",
                        count_text(static_cast<std::uint64_t>(std::max(books.requests, 0.0))),
                        duration_text(books.cpu));
    if (books.wall > 0) line += fmt::format(" ({:.2f} cores)", books.cpu / books.wall);
    if (books.rejected > 0) {
        line +=
            ", " + paint(Colour::red, count_text(static_cast<std::uint64_t>(books.rejected)) + " rejected");
    }
    return line;
}

std::string gil_line(const books::Gil& gil, double wall) {
    const double held = wall > 0 ? gil.held / wall : 0;
    const double waiting = wall > 0 ? gil.waiting / wall : 0;
    return fmt::format(
        "interpreter {}: held {} of the time, {:.2f} threads waiting on average, {} of {} releases forced",
        printable(gil.interpreter, 40), percent_text(held), waiting,
        count_text(static_cast<std::uint64_t>(std::max(gil.forced, 0.0))),
        count_text(static_cast<std::uint64_t>(std::max(gil.releases, 0.0))));
}

std::vector<std::string> route_row(const books::Route& route, const result::Result& result) {
    const double mean = route.requests > 0 ? route.duration / route.requests : 0;
    std::vector<std::string> row = {printable(route.name, 60),
                                    count_text(static_cast<std::uint64_t>(std::max(route.requests, 0.0))),
                                    milliseconds_text(mean)};
    for (const char* phase : {"gil_hold", "gil_wait", "off_gil", "queue"}) {
        row.push_back(milliseconds_text(phase_of(route, phase)));
    }
    const result::Sum* client = client_of(route, result);
    const auto seen = [&](double fraction) -> std::string {
        if (client == nullptr) return "-";
        const auto& latency = is_open(result.plan) ? client->response : client->service;
        return duration_text(result::percentile(latency, fraction));
    };
    row.push_back(seen(0.50));
    row.push_back(seen(0.99));
    return row;
}

}  // namespace

double phase_of(const books::Route& route, const std::string& phase) noexcept {
    const auto found = route.phases.find(phase);
    return found == route.phases.end() || route.requests <= 0 ? 0 : found->second / route.requests;
}

const result::Sum* client_of(const books::Route& route, const result::Result& result) noexcept {
    const auto& endpoints = result.plan.endpoints;
    const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const plan::Endpoint& endpoint) {
        return endpoint.name == route.name;
    });
    const auto index = static_cast<std::size_t>(found - endpoints.begin());
    return index < result.endpoints.size() && found != endpoints.end() ? &result.endpoints[index] : nullptr;
}

std::string server_text(const books::Books& books, const result::Result& result, const Paint& paint) {
    std::string text = "\n" + labelled("server", headline(books, paint));
    std::string runtime;
    for (const auto& [label, value] : books.runtime) {
        runtime += (runtime.empty() ? "" : ", ") + printable(label, 40) + ' ' + printable(value, 40);
    }
    if (!runtime.empty()) text += labelled("", runtime);
    std::string roles;
    for (const auto& [role, cpu] : books.thread_cpu) {
        roles += (roles.empty() ? "CPU by thread: " : ", ") + printable(role, 40) + ' ' + duration_text(cpu);
    }
    if (!roles.empty()) text += labelled("", roles);
    for (const books::Gil& gil : books.gils) text += labelled("GIL", gil_line(gil, books.wall));
    if (books.routes.empty()) return text;
    Table table(1);
    table.row({"route", "requests", "mean", "gil_hold", "gil_wait", "off_gil", "queue", "client p50", "p99"});
    const std::size_t shown = std::min(books.routes.size(), kRoutesShown);
    for (std::size_t i = 0; i < shown; ++i) table.row(route_row(books.routes[i], result));
    text += '\n' + table.text("  ") + "  (the server's in milliseconds per request)\n";
    if (shown < books.routes.size())
        text += fmt::format("  and {} routes more\n", books.routes.size() - shown);
    return text;
}

}  // namespace loadgen::report
