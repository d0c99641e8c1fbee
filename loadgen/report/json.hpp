// A report as JSON, schema "baton-load/1" (docs/load_reports.md), and back: for diff, compare, and other
// programs.
//
// Threads: pure. Lifetime: values. Cannot: bring back what the document does not hold: header values, bodies
// and expectations of the endpoints, and the histograms of single seconds.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "loadgen/report/report.hpp"

namespace loadgen::report {

constexpr std::string_view kSchema = "baton-load/1";
constexpr std::size_t kLargestDocument = std::size_t{64} << 20U;

boost::json::value to_json(const Report& report);

// Why a document is no report, in one line, with the place: "totals.response.n: ...".
struct Unreadable {
    std::string why;
};
using Read = std::variant<Report, Unreadable>;

// Everything in it is checked: kinds, bounds, and that sums are the sums of their parts. Members that are not
// known are passed over.
Read from_json(const boost::json::value& document);
Read parse(std::string_view text);
Read load(const std::string& file);

// Of the server's side alone.
boost::json::value to_json(const books::Books& books);

}  // namespace loadgen::report
