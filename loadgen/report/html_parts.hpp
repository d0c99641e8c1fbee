// The parts that to_html() puts together, and how text becomes part of a page.
//
// Threads: pure. Lifetime: values. Cannot: be used with text that has been escaped already.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loadgen/report/report.hpp"

namespace loadgen::report::html {

// Text from the run as HTML text or as a quoted attribute.
std::string escaped(std::string_view text);
// JSON for a <script> element: no `<` is left in it, so nothing can end the element.
std::string json_for_script(std::string json);

// Every {{name}} of the template replaced, in one pass: what is put in is not looked at again. Throws
// std::logic_error for a name that is not among the values: the template is ours.
std::string fill(std::string_view page, const std::vector<std::pair<std::string_view, std::string>>& values);

// A table; the cells are escaped here.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);

std::string verdict(const Report& report);
std::string tiles(const Report& report);
std::string latency_table(const Report& report);
std::string answers_table(const Report& report);
std::string endpoint_table(const Report& report);
std::string thresholds(const Report& report);
std::string environment_table(const Report& report);
std::string server(const Report& report);  // empty without books
// What the charts are drawn from, as JSON.
std::string chart_data(const Report& report);

}  // namespace loadgen::report::html
