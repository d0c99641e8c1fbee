#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/config/support.hpp"

namespace baton::config {
namespace {

using test::config_of;
using test::failure_of;
using test::run;
using test::serve;

TEST(Binds, TwoThatAreEqual) {
    EXPECT_EQ(failure_of(serve({"--bind", "127.0.0.1:80", "--bind", "127.0.0.1:80"})),
              "--bind: 127.0.0.1:80 is given twice");
    EXPECT_EQ(failure_of(serve({}, {{"BATON_BIND", "unix:/tmp/a,unix:/tmp/./a"}})),
              "BATON_BIND: unix:/tmp/a is given twice");
    EXPECT_EQ(failure_of(serve({"--bind", ":80", "--bind", "127.0.0.1:80"})),
              "--bind: 0.0.0.0:80 and 127.0.0.1:80 are in each other's way");
}

TEST(Binds, SeveralThatDiffer) {
    const Config config =
        config_of(serve({"--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0", "--bind", "unix:/a"}));
    EXPECT_EQ(config.bind.size(), 3U);
}

TEST(Binds, UnixPathsAreAbsoluteAndShortEnough) {
    const Config config = config_of(serve({"--bind", "unix:baton.sock"}));
    EXPECT_EQ(std::get<UnixAddress>(config.bind.at(0)).path,
              (std::filesystem::current_path() / "baton.sock").string());
    const std::string path = "/" + std::string(107, 'x');
    EXPECT_EQ(failure_of(serve({"--bind", "unix:" + path})),
              "--bind: \"" + path + "\" is longer than the 107 bytes that a socket's path may have");
}

TEST(Admin, InTheWayOfABind) {
    EXPECT_EQ(failure_of(serve({"--admin", "127.0.0.1:8000"})),
              "--admin: 127.0.0.1:8000 is in the way of --bind 127.0.0.1:8000");
    EXPECT_EQ(failure_of(serve({"--bind", ":9180"})),
              "--admin: 127.0.0.1:9180 is in the way of --bind 0.0.0.0:9180");
    EXPECT_EQ(config_of(serve({"--admin", "off", "--bind", ":9180"})).bind.size(), 1U);
}

class Tls : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    std::string cert_ = directory_.file("cert.pem");
    std::string key_ = directory_.file("key.pem");
};

TEST_F(Tls, AllOfIt) {
    const Config config = config_of(
        serve({"--tls-cert", cert_, "--tls-key", key_, "--tls-ca", cert_, "--tls-min-version", "1.3"}));
    EXPECT_TRUE(config.tls.enabled());
    EXPECT_EQ(config.tls.certificate, cert_);
    EXPECT_EQ(config.tls.key, key_);
    EXPECT_EQ(config.tls.client_ca, cert_);
    EXPECT_EQ(config.tls.min_version, "1.3");
    EXPECT_FALSE(config_of(serve({})).tls.enabled());
}

TEST_F(Tls, FromEnvironmentAndFile) {
    const std::string file = directory_.file(
        "baton.toml", fmt::format("tls-key = '{}'\ntls-ca = '{}'\ntls-min-version = '1.3'\n", key_, cert_));
    const Config config = config_of(serve({"--config", file}, {{"BATON_TLS_CERT", cert_}}));
    EXPECT_EQ(config.tls.certificate, cert_);
    EXPECT_EQ(config.tls.key, key_);
    EXPECT_EQ(config.tls.client_ca, cert_);
    EXPECT_EQ(config.tls.min_version, "1.3");
}

TEST_F(Tls, PartsThatNeedEachOther) {
    EXPECT_EQ(failure_of(serve({"--tls-cert", cert_})), "--tls-cert: needs --tls-key, too");
    EXPECT_EQ(failure_of(serve({"--tls-key", key_})), "--tls-key: means nothing without --tls-cert");
    EXPECT_EQ(failure_of(serve({}, {{"BATON_TLS_CA", cert_}})),
              "BATON_TLS_CA: means nothing without --tls-cert");
    EXPECT_EQ(failure_of(serve({"--tls-min-version", "1.3"})),
              "--tls-min-version: means nothing without --tls-cert");
    EXPECT_EQ(failure_of(serve({"--tls-min-version", "1.1"})),
              "--tls-min-version: must be 1.2 or 1.3, not \"1.1\"");
}

TEST_F(Tls, FilesThatCannotBeRead) {
    const std::string none = directory_.path("none");
    const std::string why = ": cannot read \"" + none + "\": No such file or directory";
    EXPECT_EQ(failure_of(serve({"--tls-cert", none, "--tls-key", key_})), "--tls-cert" + why);
    EXPECT_EQ(failure_of(serve({"--tls-cert", cert_}, {{"BATON_TLS_KEY", none}})), "BATON_TLS_KEY" + why);
    EXPECT_EQ(failure_of(serve({"--tls-cert", cert_, "--tls-key", key_, "--tls-ca", none})),
              "--tls-ca" + why);
    EXPECT_EQ(failure_of(serve({"--tls-cert", directory_.path(), "--tls-key", key_})),
              "--tls-cert: cannot read \"" + directory_.path() + "\": Is a directory");
    if (geteuid() != 0) {
        std::filesystem::permissions(key_, std::filesystem::perms::none);
        EXPECT_EQ(failure_of(serve({"--tls-cert", cert_, "--tls-key", key_})),
                  "--tls-key: cannot read \"" + key_ + "\": Permission denied");
    }
}

class Directories : public testing::Test {
  protected:
    std::string make_venv() {
        const std::string venv = directory_.directory("venv");
        directory_.file("venv/pyvenv.cfg");
        return venv;
    }
    std::string in_file(const std::string& text) { return directory_.file("baton.toml", text); }

    test::TemporaryDirectory directory_;
};

TEST_F(Directories, FromEverySource) {
    const std::string venv = make_venv(), a = directory_.directory("a"), b = directory_.directory("b");
    const auto right = [&](const Config& c) {
        EXPECT_EQ(c.python.chdir, a);
        EXPECT_EQ(c.python.path, (std::vector<std::string>{a, b}));
        EXPECT_EQ(c.python.venv, venv);
    };
    right(config_of(serve({"--chdir", a, "--python-path", a, "--python-path", b, "--venv", venv})));
    right(
        config_of(serve({}, {{"BATON_CHDIR", a}, {"BATON_PYTHON_PATH", a + "," + b}, {"BATON_VENV", venv}})));
    right(config_of(serve(
        {"--config",
         in_file(fmt::format("chdir = '{0}'\npython-path = ['{0}', '{1}']\nvenv = '{2}'", a, b, venv))})));
}

TEST_F(Directories, RelativeOnesCountFromWhereBatonWasStarted) {
    const Config config = config_of(serve({"--chdir", directory_.path(), "--python-path", "."}));
    EXPECT_EQ(std::filesystem::path(config.python.path.at(0)),
              (std::filesystem::current_path() / "").lexically_normal());
}

TEST_F(Directories, ThatAreNotThere) {
    const std::string none = directory_.path("none");
    EXPECT_EQ(failure_of(serve({"--chdir", none})), "--chdir: there is no directory \"" + none + "\"");
    EXPECT_EQ(failure_of(serve({"--chdir", directory_.file("f")})),
              "--chdir: there is no directory \"" + directory_.path("f") + "\"");
    EXPECT_EQ(failure_of(serve({"--python-path", none})), "--python-path: there is no \"" + none + "\"");
    EXPECT_EQ(failure_of(serve({}, {{"BATON_VENV", directory_.path()}})),
              "BATON_VENV: there is no virtual environment in \"" + directory_.path() + "\" (no pyvenv.cfg)");
}

TEST_F(Directories, TheActiveVirtualEnvironmentIsTheDefault) {
    const std::string venv = make_venv();
    EXPECT_EQ(config_of(serve({}, {{"VIRTUAL_ENV", venv}})).python.venv, venv);
    EXPECT_EQ(config_of(serve({"--venv", "off"}, {{"VIRTUAL_ENV", venv}})).python.venv, "");
    EXPECT_EQ(config_of(serve({"--config", in_file("venv = '" + venv + "'")}, {{"VIRTUAL_ENV", "/none"}}))
                  .python.venv,
              venv);
    EXPECT_EQ(failure_of(serve({}, {{"VIRTUAL_ENV", "/none"}})),
              "VIRTUAL_ENV: there is no virtual environment in \"/none\" (no pyvenv.cfg)");
}

TEST(Routes, Twice) {
    EXPECT_EQ(failure_of(serve({"--route", "/a", "--route", "/a"})), "--route: \"/a\" is given twice");
}

TEST(Application, Accepted) {
    for (const char* name : {"m:app", "a.b.c:app", "m:holder.app", "_m1:_a", "módulo:app"}) {
        EXPECT_EQ(config_of(run({"serve", name})).python.application, name);
    }
}

TEST(Application, FactoriesWithAndWithoutParentheses) {
    for (const char* name : {"m:make", "m:make()"}) {
        const Config config = config_of(run({"serve", "--factory", name}));
        EXPECT_EQ(config.python.application, "m:make");
        EXPECT_TRUE(config.python.factory);
    }
    EXPECT_EQ(failure_of(run({"serve", "m:make()"})), "\"m:make()\": calling it needs --factory");
}

TEST(Application, Refused) {
    EXPECT_EQ(failure_of(run({"serve", "mysite.wsgi"})),
              "\"mysite.wsgi\": names a module but no callable in it; write MODULE:CALLABLE, such as "
              "mysite.wsgi:application");
    EXPECT_EQ(failure_of(run({"serve", "./site/main.py"})),
              "\"./site/main.py\": names a module but no callable in it; write MODULE:CALLABLE, such as "
              "site.main:app");
    for (const char* name : {":app", "a/b.py:app", "1m:app", "m.:app", "a..b:app", "a b:app"}) {
        EXPECT_NE(failure_of(run({"serve", name})).find("before the colon goes a module's dotted name"),
                  std::string::npos)
            << name;
    }
    for (const char* name : {"m:", "m:a:b", "m:a b", "m:make(1)", "m:.a"}) {
        EXPECT_NE(failure_of(run({"serve", name})).find("after the colon goes the callable's name"),
                  std::string::npos)
            << name;
    }
}

}  // namespace
}  // namespace baton::config
