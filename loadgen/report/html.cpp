#include "loadgen/report/html.hpp"

#include <stdexcept>

#include "embedded/load_report.hpp"
#include "loadgen/report/html_parts.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace html {

std::string escaped(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char letter : text) {
        switch (letter) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            case '\0':
                safe += "\xEF\xBF\xBD";
                break;
            default:
                safe += letter;
        }
    }
    return safe;
}

std::string json_for_script(std::string json) {
    // Only strings of a JSON text can hold a `<`, and there an escape sequence means the same.
    for (std::size_t at = json.find('<'); at != std::string::npos; at = json.find('<', at)) {
        json.replace(at, 1, "\\u003c");
    }
    return json;
}

std::string fill(std::string_view page, const std::vector<std::pair<std::string_view, std::string>>& values) {
    std::string made;
    for (;;) {
        const std::size_t begin = page.find("{{");
        made += page.substr(0, begin);
        if (begin == std::string_view::npos) return made;
        const std::size_t end = page.find("}}", begin);
        if (end == std::string_view::npos) throw std::logic_error("a {{ without its }}");
        const std::string_view name = page.substr(begin + 2, end - begin - 2);
        bool known = false;
        for (const auto& [key, value] : values) {
            if (key != name) continue;
            made += value;
            known = true;
        }
        if (!known) throw std::logic_error("no value for " + std::string(name));
        page.remove_prefix(end + 2);
    }
}

}  // namespace html

std::string to_html(const Report& report) {
    const plan::Plan& plan = report.result.plan;
    const char* hint =
        is_open(plan)
            ? "From due: the moment the schedule had for a request, so time lost because the target was "
              "behind counts. From sent: only what the target took once it had the request."
            : "Closed model: a request is sent when the one before is answered, so a target that stalls is "
              "asked less, and these numbers do not show how long others would have waited.";
    return html::fill(embedded::load_report::page_html,
                      {{"title", html::escaped(target_line(plan))},
                       {"model", html::escaped(model_line(plan))},
                       {"started", html::escaped(report.result.started)},
                       {"version", html::escaped(report.environment.version)},
                       {"uplot_licence", std::string(embedded::load_report::uplot_licence)},
                       {"uplot_css", std::string(embedded::load_report::uplot_css)},
                       {"uplot_js", std::string(embedded::load_report::uplot_js)},
                       {"house_css", std::string(embedded::load_report::house_css)},
                       {"page_css", std::string(embedded::load_report::page_css)},
                       {"page_js", std::string(embedded::load_report::page_js)},
                       {"verdict", html::verdict(report)},
                       {"tiles", html::tiles(report)},
                       {"latency_hint", hint},
                       {"latency_table", html::latency_table(report)},
                       {"answers_table", html::answers_table(report)},
                       {"endpoint_table", html::endpoint_table(report)},
                       {"thresholds", html::thresholds(report)},
                       {"server", html::server(report)},
                       {"environment_table", html::environment_table(report)},
                       {"data", html::json_for_script(html::chart_data(report))}});
}

}  // namespace loadgen::report
