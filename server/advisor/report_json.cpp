#include "server/advisor/report_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "server/advisor/enough.hpp"

namespace baton::advisor {

namespace {

namespace json_ = boost::json;

json_::value or_null(const std::optional<std::string>& text) {
    return text ? json_::value(*text) : json_::value(nullptr);
}

json_::object object(const Advice& advice) {
    json_::object numbers;
    for (const auto& [name, value] : advice.numbers) numbers[name] = value;
    return {{"id", advice.id},
            {"severity", word(advice.severity)},
            {"route", or_null(advice.route)},
            {"interpreter", or_null(advice.interpreter)},
            {"title", advice.title},
            {"finding", advice.finding},
            {"do_this", advice.do_this},
            {"expect", advice.expect},
            {"numbers", std::move(numbers)},
            {"docs", "docs/advice/" + advice.id + ".md"}};
}

}  // namespace

std::string json(const Report& report) {
    json_::array advice;
    for (const Advice& one : report.advice) advice.push_back(object(one));
    json_::array lacks;
    for (const Lack& lack : report.lacks)
        lacks.push_back(
            json_::object{{"id", lack.id}, {"lacks", lack.what}, {"docs", "docs/advice/" + lack.id + ".md"}});
    const json_::object out{
        {"window_seconds", seconds(report.length)},
        {"requests", report.requests},
        {"advice", std::move(advice)},
        {"not_enough_data", std::move(lacks)},
    };
    return json_::serialize(out) + '\n';
}

}  // namespace baton::advisor
