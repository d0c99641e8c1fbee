#include "loadgen/live/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::live {

namespace {

using report::count_text;
using report::duration_text;
using report::percent_text;
using report::rate_text;

enum class Hue : int { none = 0, bold = 1, faint = 2, red = 31, green = 32, yellow = 33, blue = 34 };

// A line of differently coloured pieces, which knows its width without the colours.
class Line {
  public:
    explicit Line(const Look& look) : look_(&look) {}

    Line& add(std::string_view text, Hue hue = Hue::none) {
        std::string piece;
        for (std::size_t i = 0; i < text.size() && width_ <= look_->columns; ++i) {
            const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
            if (!continues && width_ == look_->columns) break;
            width_ += continues ? 0 : 1;
            piece += text[i];
        }
        const bool painted = look_->colours && hue != Hue::none && !piece.empty();
        text_ += painted ? fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(hue), piece) : piece;
        return *this;
    }
    operator std::string() const { return text_; }

  private:
    const Look* look_;
    std::string text_;
    std::size_t width_ = 0;
};

std::string label(std::string_view text) {
    return fmt::format(" {:<11}", text);
}

std::string bar(const View& view, const Look& look) {
    const bool warming = view.elapsed < 0;
    const double whole = warming ? view.warm_up : view.duration;
    const double gone = std::clamp(warming ? view.elapsed + view.warm_up : view.elapsed, 0.0, whole);
    const std::string time = fmt::format(" {:.1f} of {:.1f} s{}", gone, whole, warming ? " of warm-up" : "");
    const std::size_t room = look.columns > time.size() + 13 ? look.columns - time.size() - 13 : 0;
    const std::size_t width = std::min<std::size_t>(room, 50);
    const double share = whole > 0 ? gone / whole : 1;
    const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
    std::string text = label(warming ? "warm-up" : "measuring");
    for (std::size_t i = 0; i < width; ++i) {
        if (look.utf8) {
            text += i < full ? "█" : "░";
        } else {
            text += i < full ? '#' : '-';
        }
    }
    return text + time;
}

void rates(Frame& frame, const View& view, const Look& look) {
    Line now(look);
    now.add(label("rate"), Hue::faint);
    if (view.last == 0) {
        now.add("-");
    } else {
        if (view.open) now.add(rate_text(view.offered) + "/s offered  ");
        now.add(rate_text(view.answered) + "/s answered", Hue::bold).add("  ");
        now.add(rate_text(view.failed) + "/s errors", view.failed > 0 ? Hue::red : Hue::none);
        now.add(fmt::format("  {} in flight", count_text(view.in_flight)));
    }
    frame.push_back(std::move(now));
    Line all(look);
    all.add(label("so far"), Hue::faint);
    if (view.open) all.add(count_text(view.due) + " offered  ");
    all.add(count_text(view.answers) + " answered  ");
    all.add(fmt::format("{} errors ({})", count_text(view.errors), percent_text(view.error_share)),
            view.errors > 0 ? Hue::red : Hue::none);
    frame.push_back(std::move(all));
}

std::string latency_cells(const Latency& latency) {
    std::string text;
    for (const auto& value : {latency.p50, latency.p90, latency.p99, latency.p999, latency.most}) {
        text += fmt::format("{:>9}", duration_text(value));
    }
    return text + fmt::format("{:>11}", count_text(latency.n));
}

void latencies(Frame& frame, const View& view, const Look& look) {
    frame.emplace_back();
    frame.push_back(Line(look).add(
        fmt::format(" {:<22}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}", "", "p50", "p90", "p99", "p99.9", "max", "n"),
        Hue::faint));
    const auto row = [&](std::string_view name, std::string_view when, const Latency& latency, Hue hue) {
        frame.push_back(Line(look)
                            .add(fmt::format(" {:<12}", name), hue)
                            .add(fmt::format("{:<10}", when), Hue::faint)
                            .add(latency_cells(latency)));
    };
    if (view.open) {
        row("from due", "so far", view.response, Hue::bold);
        row("", "last", view.response_last, Hue::bold);
    }
    row("from sent", "so far", view.service, Hue::bold);
    row("", "last", view.service_last, Hue::bold);
}

void answers(Frame& frame, const View& view, const Look& look) {
    frame.emplace_back();
    Line statuses(look);
    statuses.add(label("status"), Hue::faint);
    if (view.statuses.empty()) statuses.add("-");
    std::string_view between;
    for (const auto& [status, count] : view.statuses) {
        const Hue hue = status >= 500 ? Hue::red : status >= 400 ? Hue::yellow : Hue::green;
        statuses.add(std::exchange(between, "  "))
            .add(std::to_string(status), hue)
            .add(": " + count_text(count));
    }
    frame.push_back(std::move(statuses));
    if (!view.failures.empty()) {
        Line failures(look);
        failures.add(label("errors"), Hue::faint);
        between = "";
        for (const auto& [name, count] : view.failures) {
            failures.add(std::exchange(between, "  ")).add(name, Hue::red).add(": " + count_text(count));
        }
        frame.push_back(std::move(failures));
    }
    Line own(look);
    own.add(label("generator"), Hue::faint);
    own.add(fmt::format("{:.2f} cores, busiest thread {}", view.cpu, percent_text(view.busiest)),
            view.busiest > 0.8 ? Hue::red : Hue::none);
    if (view.open) own.add(", own lateness p99 " + duration_text(view.late_p99));
    frame.push_back(std::move(own));
}

// By the share of a second's answers: any answer at all can be seen.
std::string_view shade(std::uint64_t count, std::uint64_t of, bool utf8) {
    constexpr std::array<std::string_view, 5> kAscii = {" ", ".", ":", "+", "#"};
    constexpr std::array<std::string_view, 5> kShades = {" ", "░", "▒", "▓", "█"};
    const double share = of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
    std::size_t level = 0;
    if (count > 0) level = share < 0.01 ? 1 : share < 0.10 ? 2 : share < 0.50 ? 3 : 4;
    return (utf8 ? kShades : kAscii).at(level);
}

void strip(Frame& frame, const View& view, const Look& look) {
    constexpr std::array<std::string_view, kDecades> kNames = {"< 0.1 ms", "< 1 ms", "< 10 ms",
                                                               "< 100 ms", "< 1 s",  ">= 1 s"};
    constexpr std::array<Hue, kDecades> kHues = {Hue::green,  Hue::green,  Hue::green,
                                                 Hue::yellow, Hue::yellow, Hue::red};
    const std::size_t room = look.columns > 14 ? look.columns - 14 : 0;
    const std::size_t shown = std::min(view.strip.size(), room);
    frame.emplace_back();
    for (std::size_t decade = kDecades; decade-- > 0;) {
        Line line(look);
        line.add(fmt::format(" {:>9} ", kNames.at(decade)), Hue::faint)
            .add(look.utf8 ? "│" : "|", Hue::faint);
        std::string shades;
        for (std::size_t i = view.strip.size() - shown; i < view.strip.size(); ++i) {
            const Column& column = view.strip[i];
            std::uint64_t all = 0;
            for (const std::uint64_t count : column) all += count;
            shades += shade(column.at(decade), all, look.utf8);
        }
        shades.erase(shades.find_last_not_of(' ') + 1);
        line.add(shades, kHues.at(decade));
        frame.push_back(std::move(line));
    }
    const std::string caption = shown < view.strip.size() ? fmt::format("the last {} s", shown)
                                                          : std::string("a column for each second");
    frame.push_back(Line(look).add(
        fmt::format(" {:>9}  {}, {}", "", caption, view.open ? "from due" : "from sent"), Hue::faint));
}

}  // namespace

Frame render(const View& view, const Look& look) {
    Frame frame;
    frame.push_back(Line(look).add(" baton-load  ", Hue::bold).add(view.target));
    frame.push_back(Line(look).add(' ' + view.model, Hue::faint));
    frame.push_back(Line(look).add(bar(view, look)));
    frame.emplace_back();
    rates(frame, view, look);
    latencies(frame, view, look);
    answers(frame, view, look);
    if (frame.size() + kDecades + 3 <= look.rows) strip(frame, view, look);
    if (look.rows > 0 && frame.size() >= look.rows) frame.resize(std::max<std::size_t>(look.rows, 2) - 1);
    return frame;
}

}  // namespace loadgen::live
