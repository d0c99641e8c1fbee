#include "loadgen/fleet/message.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <utility>

#include "loadgen/fleet/json_object.hpp"
#include "loadgen/fleet/plan_json.hpp"
#include "loadgen/fleet/token.hpp"
#include "loadgen/result/interval_json.hpp"

namespace loadgen::fleet {

namespace json = boost::json;

namespace {

constexpr std::size_t kDeepest = 10;
constexpr Nanoseconds kAnyLeast = Nanoseconds::min() / 4, kAnyMost = Nanoseconds::max() / 4;

struct Writer {
    std::string operator()(const Greeting& it) const {
        return line({{"type", "greeting"}, {"protocol", it.protocol}, {"nonce", it.nonce}});
    }
    std::string operator()(const Hello& it) const {
        return line({{"type", "hello"},
                     {"protocol", it.protocol},
                     {"name", it.name},
                     {"nonce", it.nonce},
                     {"proof", it.proof}});
    }
    std::string operator()(const Welcome& it) const {
        return line({{"type", "welcome"}, {"proof", it.proof}});
    }
    std::string operator()(const Refusal& it) const { return line({{"type", "refusal"}, {"why", it.why}}); }
    std::string operator()(const Job& it) const {
        return line({{"type", "job"}, {"plan", to_json(it.plan)}});
    }
    std::string operator()(const ClockQuestion& it) const {
        return line({{"type", "clock-question"}, {"asked", it.asked.count()}});
    }
    std::string operator()(const ClockAnswer& it) const {
        return line({{"type", "clock-answer"}, {"asked", it.asked.count()}, {"now", it.now.count()}});
    }
    std::string operator()(const Ready& it) const {
        return line({{"type", "ready"}, {"ahead", it.ahead.count()}, {"round_trip", it.round_trip.count()}});
    }
    std::string operator()(const Failed& it) const {
        return line({{"type", "failed"}, {"unreachable", it.unreachable}, {"why", it.why}});
    }
    std::string operator()(const Start& it) const { return line({{"type", "start"}, {"at", it.at.count()}}); }
    std::string operator()(const Seen& it) const {
        return R"({"type":"seen","interval":)" + result::json_of(it.interval) + '}';
    }
    std::string operator()(const Done& it) const {
        return line({{"type", "done"}, {"wall", it.wall}, {"cpu", it.cpu}, {"stopped", it.stopped}});
    }
    std::string operator()(const Stop& it) const { return line({{"type", "stop"}, {"hurry", it.hurry}}); }
    std::string operator()(const End& it) const { return line({{"type", "end"}, {"why", it.why}}); }
    std::string operator()(const Alive& /*it*/) const { return line({{"type", "alive"}}); }

    static std::string line(json::object&& object) { return json::serialize(object); }
};

constexpr std::uint64_t kMostProtocol = std::numeric_limits<std::uint32_t>::max();

Message greeting(Object& object) {
    Greeting it;
    it.protocol = object.whole("protocol", 0, kMostProtocol);
    it.nonce = object.text("nonce", kNonceSize);
    return it;
}

Message hello(Object& object) {
    Hello it;
    it.protocol = object.whole("protocol", 0, kMostProtocol);
    it.name = object.text("name", kLongestName);
    it.nonce = object.text("nonce", kNonceSize);
    it.proof = object.text("proof", kProofSize);
    return it;
}

Message welcome(Object& object) {
    return Welcome{object.text("proof", kProofSize)};
}
Message refusal(Object& object) {
    return Refusal{object.text("why", kLongestWhy)};
}
Message job(Object& object) {
    return Job{plan_of(object.at("plan"))};
}
Message clock_question(Object& object) {
    return ClockQuestion{object.nanoseconds("asked", kAnyLeast, kAnyMost)};
}

Message clock_answer(Object& object) {
    ClockAnswer it;
    it.asked = object.nanoseconds("asked", kAnyLeast, kAnyMost);
    it.now = object.nanoseconds("now", kAnyLeast, kAnyMost);
    return it;
}

Message ready(Object& object) {
    Ready it;
    it.ahead = object.nanoseconds("ahead", kAnyLeast, kAnyMost);
    it.round_trip = object.nanoseconds("round_trip", Nanoseconds(0), std::chrono::minutes(1));
    return it;
}

Message failed(Object& object) {
    Failed it;
    it.unreachable = object.truth("unreachable");
    it.why = object.text("why", kLongestWhy);
    return it;
}

Message start(Object& object) {
    return Start{object.nanoseconds("at", kAnyLeast, kAnyMost)};
}

Message seen(Object& object) {
    auto read = result::interval_from(object.at("interval"));
    if (auto* unreadable = std::get_if<result::Unreadable>(&read)) throw Wrong{std::move(unreadable->why)};
    return Seen{std::get<result::Interval>(std::move(read))};
}

Message done(Object& object) {
    Done it;
    it.wall = object.seconds("wall");
    it.cpu = object.seconds("cpu");
    it.stopped = object.truth("stopped");
    return it;
}

Message stop(Object& object) {
    return Stop{object.truth("hurry")};
}
Message end(Object& object) {
    return End{object.text("why", kLongestWhy)};
}
Message alive(Object& /*object*/) {
    return Alive{};
}

struct Kind {
    std::string_view name;
    Message (*read)(Object&);
};
constexpr std::array<Kind, 15> kKinds = {{{"greeting", greeting},
                                          {"hello", hello},
                                          {"welcome", welcome},
                                          {"refusal", refusal},
                                          {"job", job},
                                          {"clock-question", clock_question},
                                          {"clock-answer", clock_answer},
                                          {"ready", ready},
                                          {"failed", failed},
                                          {"start", start},
                                          {"seen", seen},
                                          {"done", done},
                                          {"stop", stop},
                                          {"end", end},
                                          {"alive", alive}}};

Message message_of(const json::value& value) {
    Object object(value, "the message");
    const std::string type = object.text("type", 20);
    for (const Kind& kind : kKinds) {
        if (kind.name != type) continue;
        Message message = kind.read(object);
        object.end();
        return message;
    }
    throw Wrong{"its type is not known"};
}

}  // namespace

std::string line_of(const Message& message) {
    return std::visit(Writer(), message);
}

std::variant<Message, Unreadable> read_message(std::string_view line) {
    json::parse_options options;
    options.max_depth = kDeepest;
    json::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error, {}, options);
    if (error) return Unreadable{"not JSON: " + error.message()};
    try {
        return message_of(value);
    } catch (const Wrong& wrong) {
        return Unreadable{wrong.why};
    }
}

}  // namespace loadgen::fleet
