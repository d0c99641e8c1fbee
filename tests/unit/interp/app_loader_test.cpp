#include "interp/app_loader.hpp"

#include <filesystem>

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::load_error;
using test::write_module;
using Kind = LoadError::Kind;

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string loaded(const std::string& application, bool factory = false) {
    LoadResult result = load_application(test::runtime(), {application, factory});
    if (auto* error = std::get_if<LoadError>(&result)) return "error: " + error->text;
    return std::get<LoadedApplication>(result).description();
}

constexpr const char* kGood = R"py(
def application(environ, start_response):
    return []

app = application

class Package:
    nested = application

    def method(self, environ, start_response):
        return []

    @staticmethod
    def make():
        return application

instance = Package()

class Class:
    def __init__(self, environ, start_response):
        pass

    def __iter__(self):
        return iter([])

class Callable:
    def __call__(self, environ, start_response):
        return []

callable_instance = Callable()

def anything(*args, **kwargs):
    return []

def make():
    return application
)py";

TEST(AppLoader, TakesEveryKindOfCallable) {
    write_module("good", kGood);
    for (const char* name :
         {"good:application", "good:app", "good", "good:Package.nested", "good:instance.method", "good:Class",
          "good:callable_instance", "good:anything", "good:make()", "good:Package.make()"}) {
        EXPECT_TRUE(has(loaded(name), "WSGI application")) << name << ": " << loaded(name);
    }
    EXPECT_TRUE(has(loaded("good:make", true), "make()"));
    EXPECT_TRUE(has(loaded("good:application"), "function application"));
}

TEST(AppLoader, BadSpecs) {
    test::runtime();
    for (const char* name : {"", ":app", "a:", "a b:app", "a..b:app", "module:a-b", "module:f(1)"}) {
        EXPECT_EQ(load_error(name).kind, Kind::bad_spec) << name;
    }
    const LoadError file = load_error("./site/main.py:app");
    EXPECT_EQ(file.kind, Kind::bad_spec);
    EXPECT_TRUE(has(file.text, "'site.main:app'")) << file.text;
}

TEST(AppLoader, AMissingModuleSaysWherePythonLooked) {
    for (const char* name : {"no_such_module:app", "no_such_package.inner:app", "json.no_such_part:app"}) {
        const LoadError error = load_error(name);
        EXPECT_EQ(error.kind, Kind::module_not_found) << name;
        EXPECT_TRUE(has(error.text, "sys.path[1]: " + test::folder())) << error.text;
        EXPECT_TRUE(has(error.text, std::filesystem::current_path().string()));
        EXPECT_TRUE(has(error.text, "--chdir"));
        EXPECT_FALSE(has(error.text, "Traceback"));
    }
}

TEST(AppLoader, AMissingImportInsideIsAnotherThing) {
    write_module("needy", "import not_installed_here\n");
    const LoadError error = load_error("needy:app");
    EXPECT_EQ(error.kind, Kind::import_raised);
    EXPECT_TRUE(has(error.text, "'needy' was found")) << error.text;
    EXPECT_TRUE(has(error.text, "not_installed_here"));
    EXPECT_TRUE(has(error.text, "needy.py"));
}

TEST(AppLoader, AnImportThatRaisesShowsItsTraceback) {
    write_module("raising", "def f():\n    1 / 0\nf()\n");
    const LoadError error = load_error("raising:app");
    EXPECT_EQ(error.kind, Kind::import_raised);
    EXPECT_TRUE(has(error.text, "Traceback (most recent call last)"));
    EXPECT_TRUE(has(error.text, "raising.py\", line 2, in f")) << error.text;
    EXPECT_TRUE(has(error.text, "ZeroDivisionError"));
}

TEST(AppLoader, AnImportThatExitsOrIsInterruptedDoesNotEndTheProcess) {
    write_module("exiting", "import sys\nsys.exit(3)\n");
    const LoadError error = load_error("exiting:app");
    EXPECT_EQ(error.kind, Kind::import_raised);
    EXPECT_TRUE(has(error.text, "sys.exit()"));
    write_module("interrupted", "raise KeyboardInterrupt\n");
    EXPECT_EQ(load_error("interrupted:app").kind, Kind::import_raised);
}

TEST(AppLoader, ASyntaxErrorShowsTheLine) {
    write_module("misspelt", "x = 1\nthis is no python\n");
    const LoadError error = load_error("misspelt:app");
    EXPECT_EQ(error.kind, Kind::import_raised);
    EXPECT_TRUE(has(error.text, "SyntaxError"));
    EXPECT_FALSE(has(error.text, "importlib")) << error.text;
    EXPECT_TRUE(has(error.text, "line 2")) << error.text;
}

TEST(AppLoader, AMissingAttributeGetsASuggestion) {
    write_module("good", kGood);
    const LoadError error = load_error("good:aplication");
    EXPECT_EQ(error.kind, Kind::attribute_missing);
    EXPECT_TRUE(has(error.text, "did you mean 'application'?")) << error.text;
    EXPECT_TRUE(has(error.text, "callable_instance"));
    EXPECT_EQ(load_error("good:Package.missing").kind, Kind::attribute_missing);
}

TEST(AppLoader, WhatCannotBeCalledIsNamed) {
    write_module("data", "app = 42\nimport json\n");
    const LoadError number = load_error("data:app");
    EXPECT_EQ(number.kind, Kind::not_callable);
    EXPECT_TRUE(has(number.text, "int")) << number.text;
    const LoadError module = load_error("data:json");
    EXPECT_EQ(module.kind, Kind::not_callable);
    EXPECT_TRUE(has(module.text, "module json"));
    EXPECT_EQ(load_error("data:app()").kind, Kind::not_callable);
}

TEST(AppLoader, AFactoryThatRaises) {
    write_module("factories",
                 "def make():\n    raise LookupError('no settings')\ndef nothing():\n    pass\n");
    const LoadError error = load_error("factories:make()");
    EXPECT_EQ(error.kind, Kind::factory_raised);
    EXPECT_TRUE(has(error.text, "LookupError: no settings"));
    EXPECT_EQ(load_error("factories:nothing", true).kind, Kind::not_callable);
}

TEST(AppLoader, AFactoryThatIsTakenForTheApplication) {
    write_module("good", kGood);
    const LoadError error = load_error("good:make");
    EXPECT_EQ(error.kind, Kind::wrong_signature);
    EXPECT_TRUE(has(error.text, "--factory")) << error.text;
}

TEST(AppLoader, ASignatureThatFitsNothing) {
    write_module("odd", "def app(a, b, c, d, e):\n    pass\n");
    const LoadError error = load_error("odd:app");
    EXPECT_EQ(error.kind, Kind::wrong_signature);
    EXPECT_TRUE(has(error.text, "(a, b, c, d, e)")) << error.text;
}

constexpr const char* kAsgi = R"py(
import functools

async def function(scope, receive, send):
    pass

class Framework:
    async def __call__(self, scope, receive, send):
        pass

    async def method(self, scope, receive, send):
        pass

class Endpoint:
    def __init__(self, scope, receive, send):
        pass

    def __await__(self):
        yield

instance = Framework()
partial = functools.partial(function)
partial_instance = functools.partial(instance)
with_options = functools.partial(lambda debug, scope, receive, send: None, True)

def plain(scope, receive, send):
    return function(scope, receive, send)

def decorator(inner):
    @functools.wraps(inner)
    def wrapper(*args, **kwargs):
        return inner(*args, **kwargs)
    return wrapper

@decorator
async def decorated(scope, receive, send):
    pass

@decorator
def decorated_wsgi(environ, start_response):
    return []

def middleware(app):
    async def wrapper(scope, receive, send):
        await app(scope, receive, send)
    return wrapper

wrapped = middleware(instance)

def make():
    return instance

def anything(*args):
    pass

class Old:
    def __init__(self, scope):
        pass

    async def __call__(self, receive, send):
        pass

def old(scope):
    async def run(receive, send):
        pass
    return run

async def two(environ, start_response):
    pass
)py";

LoadResult load_as(const std::string& name, std::optional<Interface> interface) {
    return load_application(test::runtime(), {name, false, interface});
}

LoadError error_as(const std::string& name, Interface interface) {
    LoadResult result = load_as(name, interface);
    if (auto* error = std::get_if<LoadError>(&result)) return std::move(*error);
    ADD_FAILURE() << name << " was loaded: " << std::get<LoadedApplication>(result).description();
    return {};
}

TEST(AppLoader, TakesEveryKindOfAsgiApplication) {
    write_module("asgi", kAsgi);
    for (const char* name : {"asgi:function", "asgi:instance", "asgi:instance.method", "asgi:Endpoint",
                             "asgi:partial", "asgi:partial_instance", "asgi:with_options", "asgi:plain",
                             "asgi:decorated", "asgi:wrapped", "asgi:make()"}) {
        const LoadResult result = load_as(name, std::nullopt);
        ASSERT_TRUE(std::holds_alternative<LoadedApplication>(result))
            << name << ": " << std::get<LoadError>(result).text;
        EXPECT_EQ(std::get<LoadedApplication>(result).interface(), Interface::asgi) << name;
        EXPECT_TRUE(std::holds_alternative<LoadedApplication>(load_as(name, Interface::asgi))) << name;
    }
    EXPECT_EQ(loaded("asgi:function"), "ASGI application asgi:function, function function");
    EXPECT_EQ(loaded("asgi:make()"), "ASGI application asgi:make(), an instance of asgi.Framework");
    EXPECT_TRUE(has(loaded("asgi:decorated_wsgi"), "WSGI application"));
}

TEST(AppLoader, TheInterfaceThatIsAskedForDecidesWhenBothCanBe) {
    write_module("asgi", kAsgi);
    for (const auto& [wish, expected] : {std::pair{std::optional<Interface>(), Interface::wsgi},
                                         std::pair{std::optional(Interface::wsgi), Interface::wsgi},
                                         std::pair{std::optional(Interface::asgi), Interface::asgi}}) {
        const LoadResult result = load_as("asgi:anything", wish);
        ASSERT_TRUE(std::holds_alternative<LoadedApplication>(result));
        EXPECT_EQ(std::get<LoadedApplication>(result).interface(), expected);
    }
}

TEST(AppLoader, AnApplicationOfTheOtherInterfaceIsRefused) {
    write_module("asgi", kAsgi);
    write_module("good", kGood);
    for (const char* name : {"asgi:function", "asgi:instance", "asgi:plain", "asgi:decorated"}) {
        const LoadError error = error_as(name, Interface::wsgi);
        EXPECT_EQ(error.kind, Kind::wrong_interface) << name;
        EXPECT_TRUE(has(error.text, "of ASGI")) << error.text;
        EXPECT_TRUE(has(error.text, "(environ, start_response)")) << error.text;
    }
    const LoadError error = error_as("good:application", Interface::asgi);
    EXPECT_EQ(error.kind, Kind::wrong_interface);
    EXPECT_TRUE(has(error.text, "of WSGI")) << error.text;
}

TEST(AppLoader, ApplicationsOfAsgi2GetAHint) {
    write_module("asgi", kAsgi);
    for (const char* name : {"asgi:Old", "asgi:old"}) {
        const LoadError error = load_error(name);
        EXPECT_EQ(error.kind, Kind::legacy_asgi) << name;
        EXPECT_TRUE(has(error.text, "ASGI 3")) << error.text;
        EXPECT_TRUE(has(error.text, "asgiref.compatibility.guarantee_single_callable")) << error.text;
    }
    EXPECT_EQ(error_as("asgi:old", Interface::wsgi).kind, Kind::wrong_signature);
}

TEST(AppLoader, ACoroutineFunctionThatIsNoAsgiApplication) {
    write_module("asgi", kAsgi);
    const LoadError error = load_error("asgi:two");
    EXPECT_EQ(error.kind, Kind::wrong_signature);
    EXPECT_TRUE(has(error.text, "application(scope, receive, send)")) << error.text;
}

}  // namespace
}  // namespace baton::interp
