// The server's side in the closing report, and the pieces of text that it shares with the rest of it.
//
// Threads: pure. Lifetime: values. Cannot: say more than the server counts.
#pragma once

#include <string>
#include <string_view>

#include "loadgen/books/books.hpp"
#include "loadgen/result/result.hpp"
#include "loadgen/result/verdict.hpp"

namespace loadgen::report {

enum class Colour : int { bold = 1, red = 31, green = 32, yellow = 33 };

// Text in a terminal's colour, or as it is.
class Paint {
  public:
    explicit Paint(bool on) : on_(on) {}
    std::string operator()(Colour colour, std::string_view text) const;

  private:
    bool on_;
};

std::string labelled(std::string_view label, std::string_view text);  // a line, the label in its column
std::string threshold_value(std::string_view metric, double value);   // in the unit of the metric
std::string threshold_text(const result::Kept& kept);                 // it, and what it came to
std::string server_text(const books::Books& books, const result::Result& result, const Paint& paint);

// What the client saw of a route of the server: the endpoint of the same name; nullptr when there is none.
const result::Sum* client_of(const books::Route& route, const result::Result& result) noexcept;
// Seconds of one phase per request; 0 when there were none.
double phase_of(const books::Route& route, const std::string& phase) noexcept;

}  // namespace loadgen::report
