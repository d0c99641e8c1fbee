// What run and coordinate have in common about one run: the server's books around its measured time, and the
// words for it.
//
// Threads: one, beside the scrape's own. Lifetime: one run. Cannot: run anything.
#pragma once

#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "loadgen/books/scrape.hpp"
#include "loadgen/clock.hpp"
#include "loadgen/report/report.hpp"
#include "loadgen/result/result.hpp"

namespace loadgen::cli {

// ISO 8601, with milliseconds; also of a moment that is still to come.
std::string utc_of(Moment moment);

// The scrape that has to happen in the middle of a run, when the measured time begins.
class FirstScrape {
  public:
    FirstScrape(const std::string& admin, Moment when);

    const std::string& admin() const noexcept { return admin_; }
    // Waits for it when it is under way.
    std::optional<std::variant<books::Scrape, books::Trouble>> take();

  private:
    std::string admin_;
    std::optional<std::variant<books::Scrape, books::Trouble>> taken_;
    std::jthread thread_;
};

// The second scrape, now, and what lies between them; a warning when they are not to be had.
void put_books(report::Report& report, FirstScrape& first);

// Of a run in which nothing was answered: the commonest reason.
std::string nothing_answered(const result::Result& result);

}  // namespace loadgen::cli
