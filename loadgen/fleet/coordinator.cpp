#include "loadgen/fleet/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "loadgen/fleet/share.hpp"
#include "loadgen/fleet/token.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::fleet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostStrangers = 64;
// After an accept that failed.
constexpr Nanoseconds kBreath = std::chrono::milliseconds(100);
// Between naming the start and the start, beside the way there.
constexpr Nanoseconds kHeadStart = std::chrono::milliseconds(500);
// For the last lines of those who were told to end.
constexpr Nanoseconds kLastWords = std::chrono::seconds(2);
// Behind the end of the run and the time for the last answers.
constexpr Nanoseconds kPatience = std::chrono::seconds(10);

}  // namespace

Coordinator::Coordinator(const plan::Plan& plan, CoordinatorOptions options, Hooks hooks)
    : plan_(plan),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      acceptor_(io_, options_.listen),
      deadline_(io_),
      breather_(io_) {}

std::variant<Finished, NotBegun> Coordinator::run() {
    accept();
    after(options_.wait, [this] {
        not_begun(NotBegun::How::nobody,
                  fmt::format("{} of {} agents came within {}", in_state(Member::State::here),
                              options_.agents, report::span_text(options_.wait)));
    });
    io_.run();
    // What has been said to the agents still has to reach them.
    io_.restart();
    io_.run_for(kLastWords);
    if (not_begun_) return *std::move(not_begun_);
    return finished();
}

void Coordinator::stop() {
    asio::post(io_, [this] { interrupted(); });
}

void Coordinator::after(Nanoseconds time, std::function<void()> then) {
    deadline_.expires_after(time);
    deadline_.async_wait([then = std::move(then)](const error_code& error) {
        if (!error) then();
    });
}

// --- Who dials in

void Coordinator::accept() {
    acceptor_.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
        if (phase_ != Phase::gathering) return;
        if (!error) {
            welcome(std::move(socket));
            return accept();
        }
        // No descriptor is free, or nearly nothing else is: asking again at once would only burn a CPU.
        breather_.expires_after(kBreath);
        breather_.async_wait([this](const error_code& over) {
            if (!over && phase_ == Phase::gathering) accept();
        });
    });
}

void Coordinator::welcome(asio::ip::tcp::socket socket) {
    drop_closed();
    if (in_state(Member::State::stranger) >= kMostStrangers) return;
    Member& member = members_.emplace_back();
    member.nonce = make_nonce();
    member.peer = std::make_shared<LinePeer>(std::move(socket), kLongestStranger, line_of(Alive{}));
    member.peer->start([this, &member](std::string_view line) { on_line(member, line); },
                       [this, &member](const std::string& why) { left(member, why); });
    member.peer->send(line_of(Greeting{.nonce = member.nonce}));
}

// Those who have been sent away have no callbacks any more.
void Coordinator::drop_closed() {
    members_.remove_if([](const Member& member) { return member.state == Member::State::gone; });
}

std::size_t Coordinator::in_state(Member::State state) const {
    return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(),
                                                  [state](const Member& m) { return m.state == state; }));
}

// No two have the same: the report tells them apart by it.
std::string Coordinator::name_for(const std::string& wished) const {
    const std::string name = wished.empty() ? "agent" : report::printable(wished, kLongestName);
    const auto taken = [this](const std::string& text) {
        return std::any_of(members_.begin(), members_.end(), [&text](const Member& m) {
            return m.state != Member::State::gone && m.name == text;
        });
    };
    std::string free = name;
    for (std::size_t number = 2; taken(free); ++number) free = fmt::format("{}-{}", name, number);
    return free;
}

// --- What they say

void Coordinator::on_line(Member& member, std::string_view line) {
    if (phase_ == Phase::over) return;
    auto read = read_message(line);
    if (auto* unreadable = std::get_if<Unreadable>(&read))
        return turn_away(member, "what it says is no message: " + unreadable->why);
    auto& message = std::get<Message>(read);
    if (member.state == Member::State::stranger && !std::holds_alternative<Hello>(message))
        return turn_away(member, "an agent begins with hello");
    std::visit([this, &member](auto& it) { on(member, it); }, message);
}

void Coordinator::on(Member& member, const Hello& hello) {
    if (member.state != Member::State::stranger) return turn_away(member, "it says hello again");
    if (hello.protocol != kProtocol)
        return turn_away(member, fmt::format("it speaks version {} of the protocol instead of {}",
                                             hello.protocol, kProtocol));
    if (hello.nonce.size() != kNonceSize ||
        !same(hello.proof, proof_of(options_.token, Side::agent, member.nonce, hello.nonce)))
        return turn_away(member, "its token is not the coordinator's");
    if (phase_ != Phase::gathering)
        return turn_away(member, fmt::format("all {} agents are here already", options_.agents));
    member.name = name_for(hello.name);
    member.state = Member::State::here;
    member.peer->admit(kLongestLine);
    member.peer->send(
        line_of(Welcome{proof_of(options_.token, Side::coordinator, member.nonce, hello.nonce)}));
    const std::size_t here = in_state(Member::State::here);
    hooks_.say(fmt::format("{} is here ({} of {})", member.title(), here, options_.agents));
    if (here == options_.agents) hand_out();
}

void Coordinator::on(Member& member, const ClockQuestion& question) {
    member.peer->send(line_of(ClockAnswer{question.asked, Clock::now().time_since_epoch()}));
}

void Coordinator::on(Member& member, const Ready& ready) {
    if (member.state != Member::State::preparing) return turn_away(member, "it is ready out of turn");
    member.state = Member::State::ready;
    member.ahead = ready.ahead;
    member.round_trip = ready.round_trip;
    if (in_state(Member::State::ready) == options_.agents) name_start();
}

void Coordinator::on(Member& member, const Failed& failed) {
    if (phase_ == Phase::preparing && failed.unreachable)
        return not_begun(NotBegun::How::unreachable, member.title() + ": " + failed.why);
    member.peer->finish();
    left(member, failed.why);
}

void Coordinator::on(Member& member, Seen& seen) {
    result::Interval& interval = seen.interval;
    if (member.state != Member::State::running || interval.worker >= plan_.load.threads)
        return turn_away(member, "it tells of a run or a thread that is not there");
    interval.worker += static_cast<std::uint32_t>(member.part * plan_.load.threads);
    if (!hooks_.take(interval)) return turn_away(member, "what it has seen does not fit the plan");
    for (const result::Tally& tally : interval.endpoints) member.due += tally.due;
    member.late.add(interval.late);
}

void Coordinator::on(Member& member, const Done& done) {
    if (member.state != Member::State::running) return turn_away(member, "it is done out of turn");
    member.state = Member::State::done;
    member.wall = done.wall;
    member.cpu = done.cpu;
    if (done.stopped && stops_ == 0 && lost_.empty()) lost(member, "it ended before the others");
    if (in_state(Member::State::running) == 0) over(lost_);
}

// --- Who goes

void Coordinator::turn_away(Member& member, const std::string& why) {
    member.peer->send(line_of(Refusal{why.substr(0, kLongestWhy)}));
    member.peer->finish();
    left(member, why);
}

void Coordinator::left(Member& member, const std::string& why) {
    const auto was = std::exchange(member.state, Member::State::gone);
    if (phase_ == Phase::over || was == Member::State::gone) return;
    if (was == Member::State::stranger)
        return hooks_.say(
            fmt::format("{} was turned away: {}", member.peer->address(), report::printable(why, 300)));
    if (was == Member::State::here)
        return hooks_.say(fmt::format("{} has left: {} ({} of {})", member.title(),
                                      report::printable(why, 300), in_state(Member::State::here),
                                      options_.agents));
    // One that is done has delivered all it had.
    if (was == Member::State::done) return;
    lost(member, why);
}

void Coordinator::lost(const Member& member, const std::string& why) {
    const std::string line = fmt::format("{} was lost: {}", member.title(), report::printable(why, 300));
    if (phase_ == Phase::preparing) return not_begun(NotBegun::How::lost, line);
    hooks_.say(line);
    if (lost_.empty()) {
        lost_ = line;
        tell_all(Stop{true});
        after(kSilence, [this] { over(lost_); });
    }
    if (in_state(Member::State::running) == 0) over(lost_);
}

// --- The run

void Coordinator::hand_out() {
    error_code ignored;
    acceptor_.close(ignored);
    phase_ = Phase::preparing;
    deadline_.cancel();
    breather_.cancel();
    std::size_t part = 0;
    for (Member& member : members_) {
        if (member.state == Member::State::stranger) turn_away(member, "all agents are here already");
        if (member.state != Member::State::here) continue;
        member.part = part++;
        member.state = Member::State::preparing;
        member.peer->send(line_of(Job{share_of(plan_, member.part, options_.agents)}));
    }
}

void Coordinator::name_start() {
    Nanoseconds longest{};
    for (const Member& member : members_)
        if (member.state == Member::State::ready) longest = std::max(longest, member.round_trip);
    start_ = Clock::now() + kHeadStart + longest;
    phase_ = Phase::running;
    for (Member& member : members_) {
        if (member.state != Member::State::ready) continue;
        member.state = Member::State::running;
        member.worked = true;
        member.peer->send(line_of(Start{start_.time_since_epoch()}));
    }
    hooks_.begins(start_);
    const plan::Load& load = plan_.load;
    after(start_ - Clock::now() + load.warm_up + load.duration + load.timeout + kPatience, [this] {
        for (Member& member : members_)
            if (member.state == Member::State::running) return turn_away(member, "it did not end in time");
    });
}

void Coordinator::interrupted() {
    ++stops_;
    if (phase_ == Phase::over) return io_.stop();
    if (phase_ != Phase::running)
        return not_begun(NotBegun::How::interrupted, "interrupted before the run began");
    if (stops_ > 2) return over("the coordinator was interrupted");
    tell_all(Stop{stops_ > 1});
}

void Coordinator::tell_all(const Message& message) {
    const std::string line = line_of(message);
    for (const Member& member : members_)
        if (member.state == Member::State::running) member.peer->send(line);
}

void Coordinator::not_begun(NotBegun::How how, const std::string& why) {
    if (phase_ == Phase::over) return;
    not_begun_ = NotBegun{how, why};
    over(why);
}

void Coordinator::over(const std::string& why) {
    if (std::exchange(phase_, Phase::over) == Phase::over) return;
    const plan::Load& load = plan_.load;
    if (start_ != Moment())
        lasted_ = std::max(0.0, seconds_of(std::min(Clock::now() - (start_ + load.warm_up), load.duration)));
    error_code ignored;
    acceptor_.close(ignored);
    deadline_.cancel();
    const std::string line = line_of(End{report::printable(why, kLongestWhy)});
    for (const Member& member : members_) {
        if (member.state == Member::State::gone) continue;
        member.peer->send(line);
        member.peer->finish();
    }
    io_.stop();
}

Finished Coordinator::finished() const {
    Finished finished;
    finished.stopped = stops_ > 0;
    finished.lost = lost_;
    for (const Member& member : members_) {
        if (!member.worked) continue;
        finished.agents.push_back({.name = member.name,
                                   .address = member.peer->address(),
                                   .due = member.due,
                                   .cpu = member.cpu,
                                   .late_p99 = result::percentile(member.late, 0.99),
                                   .clock_ahead = member.ahead,
                                   .round_trip = member.round_trip});
        finished.wall = std::max(finished.wall, member.wall);
        finished.cpu += member.cpu;
    }
    // When none of them lived to say it.
    if (finished.wall == 0) finished.wall = lasted_;
    return finished;
}

}  // namespace loadgen::fleet
