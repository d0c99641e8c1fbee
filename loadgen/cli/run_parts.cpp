#include "loadgen/cli/run_parts.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "loadgen/books/difference.hpp"

namespace loadgen::cli {

namespace {

constexpr Nanoseconds kLook = std::chrono::milliseconds(20);

std::variant<books::Books, books::Trouble> books_of(FirstScrape& first) {
    auto before = first.take();
    if (!before) return books::Trouble{"the run ended before anything was measured"};
    if (auto* trouble = std::get_if<books::Trouble>(&*before)) return std::move(*trouble);
    auto after = books::scrape(first.admin());
    if (auto* trouble = std::get_if<books::Trouble>(&after)) return std::move(*trouble);
    return books::difference(std::get<books::Scrape>(*before), std::get<books::Scrape>(after));
}

}  // namespace

std::string utc_of(Moment moment) {
    using std::chrono::system_clock;
    const auto then =
        system_clock::now() + std::chrono::duration_cast<system_clock::duration>(moment - Clock::now());
    const auto whole = std::chrono::floor<std::chrono::seconds>(then);
    const auto thousandths = std::chrono::duration_cast<std::chrono::milliseconds>(then - whole).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(whole)),
                       thousandths);
}

FirstScrape::FirstScrape(const std::string& admin, Moment when)
    : admin_(admin), thread_([this, when](const std::stop_token& over) {
          while (Clock::now() < when && !over.stop_requested())
              std::this_thread::sleep_for(std::min(kLook, when - Clock::now()));
          if (!over.stop_requested()) taken_ = books::scrape(admin_);
      }) {}

std::optional<std::variant<books::Scrape, books::Trouble>> FirstScrape::take() {
    thread_.request_stop();
    thread_.join();
    return std::move(taken_);
}

void put_books(report::Report& report, FirstScrape& first) {
    auto books = books_of(first);
    if (auto* trouble = std::get_if<books::Trouble>(&books)) {
        report.verdict.warnings.push_back("the server's books are missing: " + trouble->why);
    } else {
        report.books = std::get<books::Books>(std::move(books));
    }
}

std::string nothing_answered(const result::Result& result) {
    std::size_t most = 0;
    for (std::size_t i = 1; i < result::kFailures; ++i)
        if (result.all.failures[i] > result.all.failures[most]) most = i;
    const auto failure = static_cast<result::Failure>(most);
    const auto said = result.self.texts.find(failure);
    return fmt::format("not one of {} requests was answered: {}{}", result.all.due, result::name_of(failure),
                       said == result.self.texts.end() ? "" : " (" + said->second + ')');
}

}  // namespace loadgen::cli
