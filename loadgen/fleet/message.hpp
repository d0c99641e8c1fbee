// What coordinator and agents say to each other: one JSON object a line, {"type": ...}.
//
//   agent                              coordinator
//                                      Greeting (as soon as it is connected)
//   Hello                              Welcome, when the proof is right
//                                      Job, when all agents are there
//   Failed, or ClockQuestion (n)       ClockAnswer (n)
//   Ready                              Start, when all are ready
//   Seen (each second, each worker)
//   Done                               End, when all are done
//
// Both say Alive each second. The coordinator may say Stop while agents run, and End at any time; before
// Welcome it may say Refusal, and hangs up. The numbers of ClockQuestion, ClockAnswer and Start are
// nanoseconds of monotonic clocks.
//
// Threads: pure functions. Lifetime: values. Cannot: know whose turn it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "loadgen/clock.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/result/interval.hpp"

namespace loadgen::fleet {

constexpr std::uint64_t kProtocol = 2;
constexpr std::size_t kLongestLine = std::size_t{8} << 20;
// Before a peer has shown that it is one.
constexpr std::size_t kLongestStranger = 4096;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestWhy = 1000;

struct Greeting {
    std::uint64_t protocol = kProtocol;
    std::string nonce;
};
struct Hello {
    std::uint64_t protocol = kProtocol;
    std::string name, nonce, proof;
};
struct Welcome {
    std::string proof;
};
struct Refusal {
    std::string why;
};
struct Job {
    plan::Plan plan;
};
struct ClockQuestion {
    Nanoseconds asked{};
};
struct ClockAnswer {
    Nanoseconds asked{}, now{};
};
struct Ready {
    Nanoseconds ahead{}, round_trip{};
};
// The agent cannot go on. `unreachable`: as it does not reach the target.
struct Failed {
    bool unreachable = false;
    std::string why;
};
struct Start {
    Nanoseconds at{};
};
struct Seen {
    result::Interval interval;
};
struct Done {
    double wall = 0, cpu = 0;
    bool stopped = false;
};
// `hurry`: without waiting for answers.
struct Stop {
    bool hurry = false;
};
// All is over; `why` is empty when it went well.
struct End {
    std::string why;
};
struct Alive {};

using Message = std::variant<Greeting, Hello, Welcome, Refusal, Job, ClockQuestion, ClockAnswer, Ready,
                             Failed, Start, Seen, Done, Stop, End, Alive>;

// Without the end of the line.
std::string line_of(const Message& message);

struct Unreadable {
    std::string why;
};
std::variant<Message, Unreadable> read_message(std::string_view line);

}  // namespace loadgen::fleet
