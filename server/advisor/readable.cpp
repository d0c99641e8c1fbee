// The report for a terminal, from its JSON: the command has nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/error_code.hpp>
#include <exception>
#include <map>
#include <vector>

#include "server/advisor/report_json.hpp"

namespace baton::advisor {

namespace {

namespace json_ = boost::json;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 10;

std::string text_of(const json_::object& object, std::string_view name) {
    return json_::value_to<std::string>(object.at(name));
}

// `label` in the margin, the text beside it in lines.
std::string paragraph(std::string_view label, std::string_view text) {
    std::string out = fmt::format("  {:<{}}", label, kIndent - 2);
    for (std::size_t column = kIndent; !text.empty();) {
        const std::size_t length = std::min(text.find(' '), text.size());
        if (column > kIndent && column + 1 + length > kWidth) {
            out += '\n' + std::string(kIndent, ' ');
            column = kIndent;
        } else if (column > kIndent) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, length);
        column += length;
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return out + '\n';
}

std::string numbers_text(const json_::object& numbers) {
    std::string out;
    for (const auto& [name, value] : numbers)
        out += fmt::format("{}{}={:.4g}", out.empty() ? "" : ", ", std::string_view(name.data(), name.size()),
                           value.to_number<double>());
    return out;
}

std::string advice_text(const json_::object& advice) {
    std::string out = fmt::format("{}: {} [{}]\n", text_of(advice, "severity"), text_of(advice, "title"),
                                  text_of(advice, "id"));
    out += paragraph("", text_of(advice, "finding"));
    out += paragraph("do", text_of(advice, "do_this"));
    out += paragraph("expect", text_of(advice, "expect"));
    out += paragraph("numbers", numbers_text(advice.at("numbers").as_object()));
    out += paragraph("more", text_of(advice, "docs"));
    return out + '\n';
}

// Rules that lack the same are one line.
std::string lacks_text(const json_::array& lacks) {
    std::vector<std::pair<std::string, std::string>> by_what;
    for (const json_::value& value : lacks) {
        const json_::object& lack = value.as_object();
        const std::string what = text_of(lack, "lacks");
        const auto same =
            std::find_if(by_what.begin(), by_what.end(), [&](const auto& one) { return one.first == what; });
        if (same == by_what.end()) {
            by_what.emplace_back(what, text_of(lack, "id"));
        } else {
            same->second += ", " + text_of(lack, "id");
        }
    }
    std::string out;
    for (const auto& [what, ids] : by_what) {
        out += "not enough data: " + what + '\n';
        out += paragraph("for", ids);
    }
    return out;
}

std::string report_text(const json_::object& report) {
    const json_::array& advice = report.at("advice").as_array();
    const json_::array& lacks = report.at("not_enough_data").as_array();
    std::string out =
        fmt::format("The last {:.0f} s, {} requests.\n\n", report.at("window_seconds").to_number<double>(),
                    report.at("requests").to_number<std::uint64_t>());
    for (const json_::value& one : advice) out += advice_text(one.as_object());
    if (advice.empty())
        out += lacks.empty() ? "There is no advice: nothing stands out.\n" : "There is no advice.\n";
    return out + lacks_text(lacks);
}

}  // namespace

std::optional<std::string> readable(std::string_view json) {
    boost::system::error_code fault;
    const json_::value value = json_::parse(json_::string_view(json.data(), json.size()), fault);
    if (fault || !value.is_object()) return std::nullopt;
    try {
        return report_text(value.get_object());
    } catch (const std::exception&) {
        return std::nullopt;  // another server's page, or of another version
    }
}

}  // namespace baton::advisor
