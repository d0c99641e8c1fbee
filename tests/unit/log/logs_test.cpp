#include "server/log/logs.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <thread>

namespace baton::log {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class Pipe {
  public:
    Pipe() {
        if (pipe2(ends_.data(), O_CLOEXEC) != 0) std::abort();
    }
    ~Pipe() {
        close(ends_[0]);
        close_write_end();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int write_end() const { return ends_[1]; }
    void close_write_end() {
        if (ends_[1] >= 0) close(ends_[1]);
        ends_[1] = -1;
    }
    // Everything until the write end is closed.
    std::string rest() {
        close_write_end();
        std::string text;
        std::array<char, 4096> chunk{};
        for (ssize_t n; (n = read(ends_[0], chunk.data(), chunk.size())) > 0;) text.append(chunk.data(), n);
        return text;
    }
    std::string next_line() {
        std::string text;
        pollfd wanted{ends_[0], POLLIN, 0};
        char c = 0;
        while (c != '\n' && poll(&wanted, 1, 30'000) == 1 && read(ends_[0], &c, 1) == 1) text += c;
        return text;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
};

config::Config with(config::AccessLog access, config::LogLevel level = config::LogLevel::info) {
    config::Config config;
    config.access_log = access;
    config.log_level = level;
    return config;
}

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Events, AreOneLineEachWithTimeAndLevel) {
    Pipe events, requests;
    {
        Logs logs(with(config::AccessLog::off), events.write_end(), requests.write_end());
        logs.events().info("listening on {}", "127.0.0.1:8000");
        logs.events().error("no");
    }
    const std::string text = events.rest();
    const std::size_t end = text.find('\n');
    ASSERT_NE(end, std::string::npos);
    const std::string time =
        "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9][.][0-9][0-9][0-9]Z ";
    EXPECT_THAT(text.substr(0, end), MatchesRegex(time + "info    listening on 127.0.0.1:8000"));
    EXPECT_THAT(text.substr(end + 1), MatchesRegex(time + "error   no\n"));
    EXPECT_EQ(requests.rest(), "");
}

TEST(Events, OfLowerLevelsAreNotWritten) {
    const std::array levels{config::LogLevel::debug, config::LogLevel::info, config::LogLevel::warning,
                            config::LogLevel::error};
    for (std::size_t i = 0; i < levels.size(); ++i) {
        Pipe events;
        {
            Logs logs(with(config::AccessLog::off, levels[i]), events.write_end(), events.write_end());
            logs.events().debug("a");
            logs.events().info("b");
            logs.events().warn("c");
            logs.events().error("d");
        }
        EXPECT_EQ(lines(events.rest()), 4 - i);
    }
}

TEST(Events, MayHaveSeveralLines) {
    Pipe events;
    {
        Logs logs(with(config::AccessLog::off), events.write_end(), events.write_end());
        logs.events().error("failed\nTraceback\n  File");
    }
    EXPECT_THAT(events.rest(), HasSubstr("error   failed\nTraceback\n  File\n"));
}

TEST(Events, ComeOutWithoutWaitingForMore) {
    Pipe events;
    Logs logs(with(config::AccessLog::off), events.write_end(), events.write_end());
    logs.events().info("first");
    EXPECT_THAT(events.next_line(), HasSubstr("first\n"));
}

TEST(Events, UseNoGlobalLogger) {
    Pipe events;
    Logs logs(with(config::AccessLog::common), events.write_end(), events.write_end());
    EXPECT_EQ(spdlog::get("baton-log"), nullptr);
    EXPECT_EQ(spdlog::get("baton-access"), nullptr);
    EXPECT_EQ(spdlog::thread_pool(), nullptr);
}

TEST(Access, OffWritesNothing) {
    Pipe events, requests;
    {
        Logs logs(with(config::AccessLog::off), events.write_end(), requests.write_end());
        EXPECT_FALSE(logs.access().enabled());
        logs.access().write(AccessEntry{});
    }
    EXPECT_EQ(requests.rest(), "");
}

TEST(Access, EveryKindWritesOneLine) {
    for (const auto kind : {config::AccessLog::common, config::AccessLog::json, config::AccessLog::format}) {
        Pipe events, requests;
        config::Config config = with(kind);
        if (kind == config::AccessLog::format)
            config.access_log_format = "{method} \"status\":{status} 404 {id}";
        {
            Logs logs(config, events.write_end(), requests.write_end());
            ASSERT_TRUE(logs.access().enabled());
            AccessEntry entry;
            entry.method = "GET";
            entry.target = "/%v{}";
            entry.status = 404;
            logs.access().write(entry);
        }
        const std::string text = requests.rest();
        EXPECT_EQ(lines(text), 1);
        EXPECT_THAT(text, HasSubstr("404"));
        EXPECT_EQ(events.rest(), "");
        if (kind == config::AccessLog::format) {
            EXPECT_EQ(text, "GET \"status\":404 404 -\n");
        }
        if (kind == config::AccessLog::common) {
            EXPECT_THAT(text, HasSubstr("GET /%v{} HTTP/1.1"));
        }
    }
}

TEST(Access, TheTimeIsThatOfTheRequestNotOfItsEnd) {
    Pipe requests;
    config::Config config = with(config::AccessLog::format);
    config.access_log_format = "{time}";
    {
        Logs logs(config, requests.write_end(), requests.write_end());
        AccessEntry entry;
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        entry.duration = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
        logs.access().write(entry);
    }
    EXPECT_THAT(requests.rest(), HasSubstr("1970-01-01T00:"));
}

TEST(Access, AnUnvalidatedFormatIsRefused) {
    EXPECT_THROW(AccessLog(config::AccessLog::format, "{nonsense}", nullptr), std::invalid_argument);
}

TEST(Access, ManyThreadsAndNoLineIsLostOrTorn) {
    constexpr int kThreads = 4, kLines = 1000;  // fewer together than the queue holds
    Pipe events, requests;
    config::Config config = with(config::AccessLog::format);
    config.access_log_format = "{id} end";
    auto logs = std::make_unique<Logs>(config, events.write_end(), requests.write_end());
    std::vector<std::thread> writers;
    for (int t = 0; t < kThreads; ++t) {
        writers.emplace_back([&, t] {
            const std::string id(100, static_cast<char>('a' + t));
            AccessEntry entry;
            entry.id = id;
            for (int i = 0; i < kLines; ++i) logs->access().write(entry);
        });
    }
    // More than a pipe holds: somebody has to read meanwhile.
    std::vector<int> seen(kThreads);
    for (int i = 0; i < kThreads * kLines; ++i) {
        const std::string line = requests.next_line();
        ASSERT_EQ(line.size(), 105U);
        EXPECT_EQ(line, std::string(100, line[0]) + " end\n");
        ++seen.at(static_cast<std::size_t>(line[0] - 'a'));
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(logs->dropped(), 0U);
    EXPECT_THAT(seen, testing::Each(kLines));
}

TEST(Access, AReaderThatSleepsHoldsUpNobody) {
    Pipe events, requests;
    config::Config config = with(config::AccessLog::format);
    config.access_log_format = "{id} {user_agent}";
    auto logs = std::make_unique<Logs>(config, events.write_end(), requests.write_end());
    const std::string filler(200, 'x');
    constexpr int kLines = 20'000;  // twice what the queue and the pipe hold together
    for (int i = 0; i < kLines; ++i) {
        const std::string id = std::to_string(i);
        AccessEntry entry;
        entry.id = id;
        entry.user_agent = filler;
        logs->access().write(entry);
    }
    // All were accepted although nobody has read a byte, and events still get out.
    EXPECT_GT(logs->dropped(), 0U);
    logs->events().info("still here");
    EXPECT_THAT(events.next_line(), HasSubstr("still here"));

    std::string text;
    std::thread reader([&] {
        for (std::string line; !(line = requests.next_line()).empty() && line.find("19999 ") != 0;)
            text = line;
    });
    logs.reset();  // what is queued is written before this ends
    requests.close_write_end();
    reader.join();
    EXPECT_THAT(text, HasSubstr("19998 "));  // the newest survive
    EXPECT_THAT(events.rest(), HasSubstr("log lines were dropped"));
}

TEST(Access, ANonBlockingDescriptorLosesNothing) {
    Pipe events, requests;
    ASSERT_EQ(fcntl(requests.write_end(), F_SETFL, O_NONBLOCK), 0);
    config::Config config = with(config::AccessLog::format);
    config.access_log_format = "{id}";
    auto logs = std::make_unique<Logs>(config, events.write_end(), requests.write_end());
    const std::string id(200, 'i');
    AccessEntry entry;
    entry.id = id;
    constexpr std::size_t kLines = 2000;  // 400 kB: more than a pipe holds
    for (std::size_t i = 0; i < kLines; ++i) logs->access().write(entry);
    for (std::size_t i = 0; i < kLines; ++i) ASSERT_EQ(requests.next_line().size(), 201U) << i;
}

}  // namespace
}  // namespace baton::log
