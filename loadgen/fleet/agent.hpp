// One machine's part of a run: dials the coordinator, makes the load it is told to make, says what it sees.
//
// Threads: run() blocks its caller and makes a thread for the engine; stop() may be called from any.
// Lifetime: one run. Cannot: choose a target; it talks to the coordinator, and to whom that one names.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "loadgen/engine/engine.hpp"
#include "loadgen/fleet/clock_offset.hpp"
#include "loadgen/fleet/line_peer.hpp"
#include "loadgen/fleet/message.hpp"
#include "loadgen/plan/plan.hpp"

namespace loadgen::fleet {

struct AgentOptions {
    std::string host, port;  // of the coordinator
    std::string name, token;
    Nanoseconds wait{};  // for the coordinator to be there
    plan::Trust trust;   // its own; `insecure` is the coordinator's to say
    Nanoseconds skew{};  // of its clock, for tests
};

struct AgentEnd {
    enum class How { served, no_coordinator, refused, unreachable, broken } how;
    std::string why;
};

class Agent {
  public:
    // `say`: lines for people, on the thread of run().
    Agent(AgentOptions options, std::function<void(const std::string& line)> say);

    AgentEnd run();
    // Tells the coordinator, whose run fails.
    void stop();

  private:
    enum class Phase { dialling, greeting, waiting, working };

    void dial();
    void dialled(const boost::system::error_code& error);
    void dial_again(const std::string& why);

    void on_line(std::string_view line);
    void on(const Greeting& greeting);
    void on(const Welcome& welcome);
    void on(const Refusal& refusal);
    void on(Job& job);
    void on(const ClockAnswer& answer);
    void on(const Start& start);
    void on(const Stop& stop);
    void on(const End& end);
    void on(const Alive& /*alive*/) {}
    template <typename Other>
    void on(const Other& /*other*/) {
        end(AgentEnd::How::broken, "the coordinator says what is not a coordinator's to say");
    }

    void reach();
    void reached(const std::optional<Failed>& failed);
    void ask_clock();
    void work(Moment start);
    void done(const engine::Outcome& outcome);
    void seen(result::Interval&& interval);
    void fail(const Failed& failed);
    void end(AgentEnd::How how, const std::string& why);
    void join();

    Nanoseconds now() const { return Clock::now().time_since_epoch() + options_.skew; }

    const AgentOptions options_;
    const std::function<void(const std::string&)> say_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    Moment give_up_{};
    std::shared_ptr<LinePeer> peer_;
    Phase phase_ = Phase::dialling;
    std::string nonce_, coordinators_nonce_;
    ClockOffset clock_;
    plan::Plan plan_;
    std::optional<engine::Engine> engine_;
    bool reached_ = false;
    std::optional<AgentEnd> end_;
    std::jthread thread_;  // the engine's
};

}  // namespace loadgen::fleet
