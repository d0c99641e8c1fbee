// Several WSGI applications on the same threads, each below its prefix.
#include "interp/applications.hpp"

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::Connection;
using test::make_application;

constexpr const char* kWhere = R"py(
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    parts = [environ[name] for name in ("SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING")]
    return [" ".join(repr(part) for part in parts).encode()]
)py";

std::string where(Application& application, const std::string& target) {
    return Connection().serve(application, "GET " + target + " HTTP/1.1").body;
}

TEST(Prefix, IsTheScriptNameAndTheRestIsThePath) {
    const auto application = make_application(kWhere, {.prefix = "/api"});
    EXPECT_EQ(where(*application, "/api/users?x=1"), "'/api' '/users' '/api/users?x=1' 'x=1'");
    EXPECT_EQ(where(*application, "/api"), "'/api' '' '/api' ''");
    EXPECT_EQ(where(*application, "/api/"), "'/api' '/' '/api/' ''");
    EXPECT_EQ(where(*application, "/api/api"), "'/api' '/api' '/api/api' ''");
    // The prefix may be written with escapes: it is the path that counts.
    EXPECT_EQ(where(*application, "/%61pi/a%20b"), "'/api' '/a b' '/%61pi/a%20b' ''");
}

TEST(Prefix, BeyondAsciiIsBytesAsEverywhere) {
    const auto application = make_application(kWhere, {.prefix = "/\xC3\xA4"});
    EXPECT_EQ(where(*application, "/%C3%A4/x"), "'/\xC3\x83\xC2\xA4' '/x' '/%C3%A4/x' ''");
}

TEST(Prefix, RepeatedRequestsKeepThemApart) {
    const auto application = make_application(kWhere, {.prefix = "/a"});
    const auto root = make_application(kWhere);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(where(*application, "/a/a"), "'/a' '/a' '/a/a' ''");
        EXPECT_EQ(where(*application, "/a/b"), "'/a' '/b' '/a/b' ''");
        EXPECT_EQ(where(*root, "/a/a"), "'' '/a/a' '/a/a' ''");
        EXPECT_EQ(where(*root, "/a"), "'' '/a' '/a' ''");
    }
}

TEST(Applications, GoByTheMountOfTheRequest) {
    const auto text = [](const std::string& answer) {
        return "def application(environ, start_response):\n"
               "    start_response('200 OK', [])\n"
               "    return [b'" +
               answer + "']\n";
    };
    std::vector<std::unique_ptr<Application>> by_number;
    by_number.push_back(make_application(text("root")));
    by_number.push_back(nullptr);  // on an event loop
    by_number.push_back(make_application(text("second"), {.prefix = "/b"}));
    Applications applications(std::move(by_number));
    const dispatch::Mount root{"", 0};
    const dispatch::Mount second{"/b", 2};
    Connection connection;
    for (const auto& [mount, expected] :
         {std::pair{&root, "root"}, std::pair{&second, "second"}, std::pair{&root, "root"}}) {
        const dispatch::ExchangePtr exchange = connection.exchange("GET /b HTTP/1.1");
        exchange->mount = mount;
        EXPECT_EQ(connection.serve(applications, *exchange).body, expected);
    }
}

}  // namespace
}  // namespace baton::interp
