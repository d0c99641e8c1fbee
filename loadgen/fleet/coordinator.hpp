// The one who waits for the agents, hands each its share of a plan, names the moment of the start, and takes
// what they see. An agent that is lost fails the run.
//
// Threads: run() blocks its caller, who is called back on that thread; stop() may be called from any.
// Lifetime: one run; the plan and what the hooks refer to outlive it. Cannot: measure anything itself, or
// replace an agent once the work has been handed out.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "loadgen/fleet/member.hpp"
#include "loadgen/fleet/message.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/report/report.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::fleet {

struct CoordinatorOptions {
    boost::asio::ip::tcp::endpoint listen;
    std::size_t agents = 1;
    std::string token;
    Nanoseconds wait{};  // for the agents
};

struct Hooks {
    std::function<void(const std::string& line)> say;  // for people, as it happens
    std::function<void(Moment start)> begins;          // the start has been named, and lies ahead
    std::function<bool(const result::Interval&)>
        take;  // workers are numbered over all agents; false: nonsense
};

// A run that began.
struct Finished {
    std::vector<report::Agent> agents;
    double wall = 0;       // seconds measured
    double cpu = 0;        // of all agents
    bool stopped = false;  // by stop()
    std::string lost;      // why it failed; empty when it did not
};

// A run that did not begin.
struct NotBegun {
    enum class How { unreachable, lost, nobody, interrupted } how;
    std::string why;
};

class Coordinator {
  public:
    // Listens from now on; boost::system::system_error when it cannot.
    Coordinator(const plan::Plan& plan, CoordinatorOptions options, Hooks hooks);

    boost::asio::ip::tcp::endpoint address() const { return acceptor_.local_endpoint(); }

    std::variant<Finished, NotBegun> run();

    // Before the start, all is over; afterwards the first ends the sending, the second does not wait for
    // answers, the third does not wait for the agents.
    void stop();

  private:
    enum class Phase { gathering, preparing, running, over };
    using Members = std::list<Member>;

    void accept();
    void welcome(boost::asio::ip::tcp::socket socket);
    void drop_closed();

    void on_line(Member& member, std::string_view line);
    void on(Member& member, const Hello& hello);
    void on(Member& member, const ClockQuestion& question);
    void on(Member& member, const Ready& ready);
    void on(Member& member, const Failed& failed);
    void on(Member& member, Seen& seen);
    void on(Member& member, const Done& done);
    void on(Member& /*member*/, const Alive& /*alive*/) {}
    template <typename Other>
    void on(Member& member, const Other& /*other*/) {
        turn_away(member, "this is not an agent's to say");
    }

    void turn_away(Member& member, const std::string& why);
    void left(Member& member, const std::string& why);
    void lost(const Member& member, const std::string& why);
    std::size_t in_state(Member::State state) const;
    std::string name_for(const std::string& wished) const;

    void hand_out();
    void name_start();
    void interrupted();
    void tell_all(const Message& message);
    void not_begun(NotBegun::How how, const std::string& why);
    void over(const std::string& why);
    void after(Nanoseconds time, std::function<void()> then);
    Finished finished() const;

    const plan::Plan& plan_;
    const CoordinatorOptions options_;
    const Hooks hooks_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer breather_;  // between an accept that failed and the next
    Phase phase_ = Phase::gathering;
    Members members_;
    std::optional<NotBegun> not_begun_;
    std::string lost_;
    int stops_ = 0;
    Moment start_{};
    double lasted_ = 0;  // seconds of the measured time, until it was over here
};

}  // namespace loadgen::fleet
