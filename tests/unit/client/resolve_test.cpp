#include "server/client/resolve.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <future>
#include <memory>
#include <string>

namespace baton::client {
namespace {

using namespace std::chrono_literals;

Deadline in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

std::string trouble(const std::variant<Endpoints, Trouble>& result) {
    return std::holds_alternative<Trouble>(result) ? std::get<Trouble>(result).line : "no trouble";
}

Endpoints nobody(const std::string&, std::uint16_t) {
    throw boost::system::system_error(boost::asio::error::host_not_found);
}

TEST(ResolveTest, NumbersAreAskedOfNobody) {
    const auto found = resolve({"127.0.0.1", 80}, in(10s), nobody);
    ASSERT_TRUE(std::holds_alternative<Endpoints>(found)) << trouble(found);
    EXPECT_EQ(std::get<Endpoints>(found).front().port(), 80);
    EXPECT_TRUE(std::holds_alternative<Endpoints>(resolve({"::1", 80}, in(10s), nobody)));
}

TEST(ResolveTest, NamesAreAskedOfTheSystem) {
    const auto found = resolve({"localhost", 80}, in(10s));
    ASSERT_TRUE(std::holds_alternative<Endpoints>(found)) << trouble(found);
    for (const auto& endpoint : std::get<Endpoints>(found)) EXPECT_TRUE(endpoint.address().is_loopback());
}

TEST(ResolveTest, ANameThatIsNotKnown) {
    EXPECT_TRUE(trouble(resolve({"nobody", 80}, in(10s), nobody)).starts_with("nobody: Host not found"));
}

TEST(ResolveTest, NotLongerThanTheDeadline) {
    struct Slow {
        std::promise<void> go_on;
        std::promise<void> over;
    };
    const auto slow = std::make_shared<Slow>();
    const auto lookup = [slow](const std::string&, std::uint16_t) {
        slow->go_on.get_future().wait();
        slow->over.set_value();
        return Endpoints{};
    };
    EXPECT_EQ(trouble(resolve({"slow", 80}, in(20ms), lookup)), "slow: looking up the name took too long");
    slow->go_on.set_value();  // only now
    slow->over.get_future().wait();
}

}  // namespace
}  // namespace baton::client
