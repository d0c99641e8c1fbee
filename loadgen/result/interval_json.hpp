// An Interval as one line of JSON, in which it travels between machines:
//
//   {"second":0,"worker":0,"in_flight":0,"opened":1,"cpu":0.01,"late":CELLS,"blocked":CELLS,"endpoints":[
//     {"due":1,"sent":1,"answered":1,"failures":{"reset":1},"statuses":[[200,1]],"bytes_in":1,"bytes_out":1,
//      "response":CELLS,"service":CELLS,"first_byte":CELLS,"failed":CELLS}]}
//   CELLS: {"counts":[[index,count]],"least":NS,"most":NS,"sum":NS,"total":1}; null when there is nothing in
//   it
//
// Times are whole nanoseconds, so that a sum is the same on both sides.
//
// Threads: pure functions. Lifetime: values. Cannot: know the plan: whether the numbers of endpoints and
// seconds fit it is Collector::add's to say.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "loadgen/result/interval.hpp"

namespace loadgen::result {

// Who reads lines from a network need not keep more of one than this.
constexpr std::size_t kLongestLine = std::size_t{8} << 20;
constexpr std::size_t kMostEndpoints = 1000;

// Without the end of the line.
std::string json_of(const Interval& interval);

// Why a line is no Interval, for a human.
struct Unreadable {
    std::string why;
};

// Of a peer that is not trusted: every name has to be there and no other, every number has to be whole, not
// negative and not beyond reason (cpu alone may be a fraction), and the cells such as some histogram could
// have given.
std::variant<Interval, Unreadable> read_interval(std::string_view line);
// The same, of a part of a line.
std::variant<Interval, Unreadable> interval_from(const boost::json::value& value);

}  // namespace loadgen::result
