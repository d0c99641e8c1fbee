#include "interp/asgi/lifespan.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

using State = LifespanRun::State;

class LifespanTest : public ::testing::Test {
  protected:
    // The source defines `application`; its start-up is begun.
    void start(const std::string& source, Lifespan mode = Lifespan::automatic) {
        interp::test::logged();
        room_.run(source);
        const Owned application = room_.get("application");
        life_.emplace(room_.loop(), application, mode, [this] { ++changes_; });
        room_.on_loop([this] { life_->start(); });
    }
    void stop() {
        room_.on_loop([this] { life_->stop(); });
    }
    void turn() { room_.turn(); }
    State state() { return life_->state(); }

    test::LoopRoom room_;
    std::optional<LifespanRun> life_;
    int changes_ = 0;
};

constexpr const char* kWhole = R"py(
async def application(scope, receive, send):
    seen.append(scope["type"])
    scope["state"]["pool"] = 7
    seen.append((await receive())["type"])
    await send({"type": "lifespan.startup.complete"})
    seen.append((await receive())["type"])
    await send({"type": "lifespan.shutdown.complete"})
)py";

TEST_F(LifespanTest, StartsAndStops) {
    start(kWhole);
    EXPECT_EQ(state(), State::started);
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(room_.show("seen"), "['lifespan', 'lifespan.startup']");
    room_.give("state", life_->shared_state());
    EXPECT_EQ(room_.show("state"), "{'pool': 7}");
    stop();
    turn();
    EXPECT_EQ(state(), State::stopped);
    EXPECT_EQ(changes_, 2);
    EXPECT_EQ(room_.show("seen[2:]"), "['lifespan.shutdown']");
    EXPECT_EQ(interp::test::logged(), "");
}

TEST_F(LifespanTest, AStartUpMayTakeItsTime) {
    start(R"py(
go = loop.create_future()
async def application(scope, receive, send):
    await receive()
    await go
    await send({"type": "lifespan.startup.complete"})
    await loop.create_future()
)py");
    turn();
    EXPECT_EQ(state(), State::starting);
    EXPECT_EQ(changes_, 0);
    room_.run("go.set_result(None)");
    turn();
    EXPECT_EQ(state(), State::started);
}

TEST_F(LifespanTest, AFailedStartUpSaysWhy) {
    start(R"py(
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
)py");
    EXPECT_EQ(state(), State::failed);
    EXPECT_EQ(life_->failure(), "the application's start-up failed: no database");
    EXPECT_EQ(changes_, 1) << "its return is no second end";
}

constexpr const char* kUnaware = R"py(
async def application(scope, receive, send):
    assert scope["type"] == "http", "only http"
)py";

TEST_F(LifespanTest, ThoseWhoDoNotKnowItAreServedWithout) {
    start(kUnaware);
    EXPECT_EQ(state(), State::unsupported);
    EXPECT_EQ(interp::test::logged(), "");
    stop();
    EXPECT_EQ(state(), State::stopped);
}

TEST_F(LifespanTest, UnlessItIsAskedFor) {
    start(kUnaware, Lifespan::on);
    EXPECT_EQ(state(), State::failed);
    EXPECT_NE(life_->failure().find("raised an exception in its lifespan start-up"), std::string::npos);
    EXPECT_NE(life_->failure().find("AssertionError: only http"), std::string::npos) << life_->failure();
}

TEST_F(LifespanTest, ReturningEarlyIsAFailureWhenItIsAskedFor) {
    start("async def application(scope, receive, send): pass", Lifespan::on);
    EXPECT_EQ(state(), State::failed);
    EXPECT_NE(life_->failure().find("returned from its lifespan before"), std::string::npos);
}

TEST_F(LifespanTest, WhatIsNoApplicationOfThisKindIsServedWithout) {
    start("def application(scope): pass");
    EXPECT_EQ(state(), State::unsupported);
    start("def application(scope, receive, send): return 5");
    EXPECT_EQ(state(), State::unsupported);
}

TEST_F(LifespanTest, WhenItIsOffTheApplicationIsNotAsked) {
    start(kWhole, Lifespan::off);
    EXPECT_EQ(state(), State::unsupported);
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(room_.show("seen"), "[]");
}

TEST_F(LifespanTest, ShutDownComesToThoseWhoAskLater) {
    start(R"py(
go = loop.create_future()
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await go
    seen.append((await receive())["type"])
    await send({"type": "lifespan.shutdown.complete"})
)py");
    stop();
    EXPECT_EQ(state(), State::stopping);
    room_.run("go.set_result(None)");
    turn();
    EXPECT_EQ(room_.show("seen"), "['lifespan.shutdown']");
    EXPECT_EQ(state(), State::stopped);
}

TEST_F(LifespanTest, AFailedShutDownIsLogged) {
    start(R"py(
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "lost it"})
)py");
    stop();
    turn();
    EXPECT_EQ(state(), State::stopped);
    EXPECT_NE(interp::test::logged().find("the application's shut-down failed: lost it"), std::string::npos);
}

TEST_F(LifespanTest, AnExceptionInTheShutDownIsLoggedAndOver) {
    start(R"py(
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise ValueError("at the end")
)py");
    stop();
    turn();
    EXPECT_EQ(state(), State::stopped);
    EXPECT_NE(interp::test::logged().find("ValueError: at the end"), std::string::npos);
}

TEST_F(LifespanTest, AnExceptionWhileItServesIsLogged) {
    start(R"py(
go = loop.create_future()
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await go
    raise ValueError("in the middle")
)py");
    room_.run("go.set_result(None)");
    turn();
    EXPECT_EQ(state(), State::unsupported);
    EXPECT_NE(interp::test::logged().find("ValueError: in the middle"), std::string::npos);
    stop();
    EXPECT_EQ(state(), State::stopped);
}

TEST_F(LifespanTest, MessagesOutOfPlaceAreRefused) {
    start(R"py(
async def application(scope, receive, send):
    async def attempt(message):
        try:
            await send(message)
        except Exception as error:
            seen.append(f"{type(error).__name__}: {error}")
    await attempt({"type": "lifespan.shutdown.complete"})
    await attempt({"type": "http.response.start"})
    await attempt({})
    await attempt({"type": "lifespan.startup.complete"})
    await attempt({"type": "lifespan.startup.complete"})
    await loop.create_future()
)py");
    EXPECT_EQ(state(), State::started);
    EXPECT_EQ(room_.show("'\\n'.join(seen)"),
              "RuntimeError: the lifespan message 'lifespan.shutdown.complete' may not be sent now\n"
              "RuntimeError: the lifespan message 'http.response.start' may not be sent now\n"
              "TypeError: a message needs a \"type\", which is a str\n"
              "RuntimeError: the lifespan message 'lifespan.startup.complete' may not be sent now");
}

// asyncio.run()-style code asks again and is cancelled.
TEST_F(LifespanTest, ACancelledWaitForTheShutDownDoesNotStopIt) {
    start(R"py(
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    try:
        await asyncio.wait_for(receive(), 0)
    except asyncio.TimeoutError:
        seen.append("timeout")
    seen.append((await receive())["type"])
    await send({"type": "lifespan.shutdown.complete"})
)py");
    turn();
    turn();
    stop();
    turn();
    EXPECT_EQ(room_.show("seen"), "['timeout', 'lifespan.shutdown']");
    EXPECT_EQ(state(), State::stopped);
}

}  // namespace
}  // namespace baton::interp::asgi
