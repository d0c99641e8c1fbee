#include "loadgen/compare/runner.hpp"

#include <fmt/format.h>

#include <optional>
#include <thread>
#include <utility>

#include "loadgen/books/difference.hpp"
#include "loadgen/compare/order.hpp"
#include "loadgen/compare/process_tree.hpp"
#include "loadgen/compare/server_process.hpp"

namespace loadgen::compare {

namespace {

constexpr auto kBetweenTries = std::chrono::milliseconds(20);

using Scraped = std::variant<books::Scrape, books::Trouble>;

NotServed not_served(const Contender& contender, std::string_view what, ServerProcess& server) {
    return {fmt::format("{} ({}): {}", contender.name, contender.command, what), server.said()};
}

// None: it answers, or nobody waits for it any more.
std::optional<NotServed> wait_for(ServerProcess& server, const Contender& contender,
                                  const Addresses& addresses, const Load& load, Nanoseconds limit,
                                  const std::atomic<bool>& ended) {
    const Moment end = Clock::now() + limit;
    for (;;) {
        const bool answered = load.answers(addresses);
        if (ended) return std::nullopt;
        if (!server.running())
            return not_served(contender, "ended before it answered: " + server.ending(), server);
        if (answered) return std::nullopt;
        if (Clock::now() > end)
            return not_served(contender, fmt::format("no answer within {} s", seconds_of(limit)), server);
        std::this_thread::sleep_for(kBetweenTries);
    }
}

Scraped scraped(const Contender& contender, const Addresses& addresses) {
    if (contender.admin.empty()) return books::Trouble{};
    return books::scrape(filled(contender.admin, addresses));
}

void keep_books(const Scraped& before, const Scraped& after, Round& round) {
    for (const Scraped* each : {&before, &after}) {
        const auto* trouble = std::get_if<books::Trouble>(each);
        if (!trouble) continue;
        round.no_books = trouble->why;
        return;
    }
    auto books = books::difference(std::get<books::Scrape>(before), std::get<books::Scrape>(after));
    if (auto* found = std::get_if<books::Books>(&books))
        round.books = std::move(*found);
    else
        round.no_books = std::get<books::Trouble>(books).why;
}

}  // namespace

Runner::Runner(const Settings& settings, const Load& load, Progress progress, const std::atomic<bool>& ended)
    : settings_(settings), load_(load), progress_(std::move(progress)), ended_(ended) {}

std::variant<Rounds, NotServed> Runner::run() {
    const std::size_t servers = settings_.contenders.size();
    Rounds rounds(servers);
    std::size_t number = 0;
    for (const std::vector<std::size_t>& order : balanced_order(servers, settings_.rounds, settings_.seed)) {
        ++number;
        std::vector<Round> round(servers);
        for (const std::size_t server : order) {
            auto outcome = round_of(settings_.contenders[server]);
            if (ended_) return rounds;
            if (auto* failed = std::get_if<NotServed>(&outcome)) return std::move(*failed);
            round[server] = std::move(std::get<Round>(outcome));
            progress_(number, settings_.contenders[server], round[server]);
        }
        for (std::size_t server = 0; server < servers; ++server)
            rounds[server].push_back(std::move(round[server]));
    }
    return rounds;
}

std::variant<Round, NotServed> Runner::round_of(const Contender& contender) {
    const Addresses addresses = free_addresses();
    // An old server in the place of the new one would be measured in its stead.
    if (load_.reachable(addresses))
        return NotServed{fmt::format("{} ({}): somebody listens at the URL before it is started",
                                     contender.name, contender.command),
                         {}};
    ServerProcess server(filled(contender.command, addresses));
    if (auto failed = wait_for(server, contender, addresses, load_, settings_.start_limit, ended_))
        return std::move(*failed);
    Round round;
    if (!ended_) load_.warm_up(addresses);
    if (!ended_) {
        const Scraped before = scraped(contender, addresses);
        const double cpu_before = descendants_cpu();
        round.measured = load_.measure(addresses);
        round.server_cpu = descendants_cpu() - cpu_before;
        keep_books(before, scraped(contender, addresses), round);
    }
    if (!ended_ && !server.running())
        return not_served(contender, "ended while it was measured: " + server.ending(), server);
    round.killed = !server.stop(settings_.stop_limit);
    return round;
}

}  // namespace loadgen::compare
