#include "loadgen/fleet/agent.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "loadgen/fleet/token.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::fleet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Nanoseconds kPause = std::chrono::milliseconds(250);
constexpr Nanoseconds kDialTime = std::chrono::seconds(5);
constexpr int kClockRounds = 21;
// A start that is further away is a mistake about clocks.
constexpr Nanoseconds kFarthestStart = std::chrono::minutes(2);
// For the last words to reach the coordinator.
constexpr Nanoseconds kLastWords = std::chrono::seconds(2);

std::string shown(const std::string& why) {
    return report::printable(why, kLongestWhy);
}

}  // namespace

Agent::Agent(AgentOptions options, std::function<void(const std::string& line)> say)
    : options_(std::move(options)), say_(std::move(say)), socket_(io_), timer_(io_) {}

AgentEnd Agent::run() {
    give_up_ = Clock::now() + options_.wait;
    dial();
    io_.run();
    // It may still look for its target, which takes as long as the target likes.
    if (engine_) {
        engine_->stop();
        engine_->stop();
    }
    join();
    // What has been said still has to reach the coordinator.
    io_.restart();
    io_.run_for(kLastWords);
    return end_.value_or(AgentEnd{AgentEnd::How::broken, "nothing is left to do"});
}

void Agent::stop() {
    asio::post(io_, [this] {
        if (peer_) peer_->send(line_of(Failed{.unreachable = false, .why = "it was interrupted"}));
        end(AgentEnd::How::broken, "interrupted");
    });
}

// --- The way to the coordinator

void Agent::dial() {
    asio::ip::tcp::resolver resolver(io_);
    error_code error;
    const auto found = resolver.resolve(options_.host, options_.port, error);
    if (error) return dial_again(error.message());
    socket_ = asio::ip::tcp::socket(io_);
    timer_.expires_after(kDialTime);
    timer_.async_wait([this](const error_code& cancelled) {
        error_code ignored;
        if (!cancelled) socket_.close(ignored);
    });
    asio::async_connect(socket_, found,
                        [this](const error_code& failed, const auto& /*endpoint*/) { dialled(failed); });
}

void Agent::dialled(const error_code& error) {
    timer_.cancel();
    if (end_) return;
    if (error)
        return dial_again(error == asio::error::operation_aborted ? "no answer in time" : error.message());
    error_code ignored;
    // Nobody listens, and the kernel chose the same port for this side: we have dialled ourselves.
    if (socket_.local_endpoint(ignored) == socket_.remote_endpoint(ignored)) return dial_again("refused");
    phase_ = Phase::greeting;
    peer_ = std::make_shared<LinePeer>(std::move(socket_), kLongestStranger, line_of(Alive{}));
    peer_->start([this](std::string_view line) { on_line(line); },
                 [this](const std::string& why) {
                     end(AgentEnd::How::broken, "the coordinator is gone: " + shown(why));
                 });
}

void Agent::dial_again(const std::string& why) {
    if (Clock::now() + kPause > give_up_)
        return end(AgentEnd::How::no_coordinator,
                   fmt::format("no coordinator at {}:{} within {}: {}", options_.host, options_.port,
                               report::span_text(options_.wait), shown(why)));
    timer_.expires_after(kPause);
    timer_.async_wait([this](const error_code& error) {
        if (!error && !end_) dial();
    });
}

// --- What the coordinator says

void Agent::on_line(std::string_view line) {
    if (end_) return;
    auto read = read_message(line);
    if (const auto* unreadable = std::get_if<Unreadable>(&read))
        return end(AgentEnd::How::broken,
                   "what the coordinator says is no message: " + shown(unreadable->why));
    auto& message = std::get<Message>(read);
    const bool known = phase_ == Phase::waiting || phase_ == Phase::working;
    if (!known && !std::holds_alternative<Greeting>(message) && !std::holds_alternative<Welcome>(message) &&
        !std::holds_alternative<Refusal>(message) && !std::holds_alternative<End>(message))
        return end(AgentEnd::How::broken, "it is no coordinator of baton-load");
    std::visit([this](auto& it) { on(it); }, message);
}

void Agent::on(const Greeting& greeting) {
    if (greeting.protocol != kProtocol)
        return end(AgentEnd::How::refused,
                   fmt::format("the coordinator speaks version {} of the protocol, not {}", greeting.protocol,
                               kProtocol));
    if (!nonce_.empty() || greeting.nonce.size() != kNonceSize)
        return end(AgentEnd::How::broken, "it is no coordinator of baton-load");
    coordinators_nonce_ = greeting.nonce;
    nonce_ = make_nonce();
    peer_->send(line_of(Hello{.name = options_.name,
                              .nonce = nonce_,
                              .proof = proof_of(options_.token, Side::agent, coordinators_nonce_, nonce_)}));
}

void Agent::on(const Welcome& welcome) {
    // It has to know the token as well: we make requests on its behalf.
    if (phase_ != Phase::greeting || nonce_.empty() ||
        !same(welcome.proof, proof_of(options_.token, Side::coordinator, coordinators_nonce_, nonce_)))
        return end(AgentEnd::How::refused, "the coordinator does not know the token");
    phase_ = Phase::waiting;
    peer_->admit(kLongestLine);
    say_(fmt::format("the coordinator at {} has taken us on", peer_->address()));
}

void Agent::on(const Refusal& refusal) {
    end(AgentEnd::How::refused, "the coordinator refuses: " + shown(refusal.why));
}

void Agent::on(Job& job) {
    if (phase_ != Phase::waiting) return end(AgentEnd::How::broken, "the coordinator has a second job");
    phase_ = Phase::working;
    plan_ = std::move(job.plan);
    plan::Trust trust = options_.trust;
    trust.insecure = plan_.trust.insecure;
    plan_.trust = std::move(trust);
    say_(fmt::format("part {} of {}: {}; {}", plan_.load.part + 1, plan_.load.parts,
                     report::printable(report::target_line(plan_), 300), report::model_line(plan_)));
    reach();
}

void Agent::on(const ClockAnswer& answer) {
    if (!reached_ || clock_.rounds() >= kClockRounds || answer.asked > now())
        return end(AgentEnd::How::broken, "the coordinator answers what was not asked");
    clock_.add(answer.asked, answer.now, now());
    if (clock_.rounds() < kClockRounds) return ask_clock();
    peer_->send(line_of(Ready{clock_.ahead(), clock_.round_trip()}));
}

void Agent::on(const Start& start) {
    if (clock_.rounds() < kClockRounds || thread_.joinable())
        return end(AgentEnd::How::broken, "the coordinator starts what is not ready");
    const Nanoseconds away = clock_.ours(start.at) - now();
    if (away > kFarthestStart || away < -kFarthestStart)
        return fail({false, fmt::format("its start would be {:.0f} s away", seconds_of(away))});
    work(Clock::now() + away);
}

void Agent::on(const Stop& stop) {
    if (!reached_) return;
    engine_->stop();
    if (stop.hurry) engine_->stop();
}

void Agent::on(const End& over) {
    if (over.why.empty()) return end(AgentEnd::How::served, "");
    end(AgentEnd::How::broken, "the coordinator ended the run: " + shown(over.why));
}

// --- The work

void Agent::reach() {
    try {
        engine_.emplace(plan_, [this](result::Interval&& interval) { seen(std::move(interval)); });
    } catch (const std::exception& error) {
        return fail({false, error.what()});
    }
    thread_ = std::jthread([this] {
        std::optional<Failed> failed;
        try {
            if (auto why = engine_->reach()) failed = Failed{true, std::move(*why)};
        } catch (const std::exception& error) {
            failed = Failed{false, error.what()};
        }
        asio::post(io_, [this, failed] { reached(failed); });
    });
}

void Agent::reached(const std::optional<Failed>& failed) {
    join();
    if (end_) return;
    if (failed) return fail(*failed);
    reached_ = true;
    ask_clock();
}

void Agent::ask_clock() {
    peer_->send(line_of(ClockQuestion{now()}));
}

void Agent::work(Moment start) {
    thread_ = std::jthread([this, start] {
        try {
            const engine::Outcome outcome = engine_->run(start);
            asio::post(io_, [this, outcome] { done(outcome); });
        } catch (const std::exception& error) {
            asio::post(io_, [this, why = std::string(error.what())] { fail({false, why}); });
        }
    });
}

// On a thread of the engine.
void Agent::seen(result::Interval&& interval) {
    std::string line = line_of(Seen{std::move(interval)});
    asio::post(io_, [this, line = std::move(line)]() mutable {
        if (end_) return;
        if (line.size() > kLongestLine)
            return fail(
                {false, fmt::format("one second's books take {} bytes: too many endpoints", line.size())});
        peer_->send(std::move(line));
    });
}

void Agent::done(const engine::Outcome& outcome) {
    if (end_) return;
    peer_->send(line_of(Done{outcome.wall, outcome.cpu, outcome.stopped}));
}

// --- The end

void Agent::fail(const Failed& failed) {
    if (end_) return;
    const std::string why = shown(failed.why);
    peer_->send(line_of(Failed{failed.unreachable, why}));
    end(failed.unreachable ? AgentEnd::How::unreachable : AgentEnd::How::broken, why);
}

void Agent::end(AgentEnd::How how, const std::string& why) {
    if (end_) return;
    end_ = AgentEnd{how, why};
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (peer_) peer_->finish();
    io_.stop();
}

void Agent::join() {
    if (thread_.joinable()) thread_.join();
    thread_ = std::jthread();
}

}  // namespace loadgen::fleet
