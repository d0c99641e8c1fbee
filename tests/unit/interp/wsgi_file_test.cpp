#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::Connection;
using test::make_application;
using Answer = Connection::Answer;

constexpr const char* kFiles = R"py(
import gzip, io, tempfile, os
PATH = "@PATH@"
files = []

class OnlyRead:
    def __init__(self):
        self.left = [b"only ", b"read()"]
    def read(self, size):
        return self.left.pop(0) if self.left else b""

def temporary():
    f = tempfile.NamedTemporaryFile()
    f.write(b"skip temporary")
    f.seek(5)
    return f

def part():
    f = open(PATH, "rb")
    f.read(6)
    return f

def pipe():
    r, w = os.pipe()
    os.write(w, b"through a pipe")
    os.close(w)
    return os.fdopen(r, "rb")

KINDS = {
    "/plain": lambda: open(PATH, "rb"),
    "/unbuffered": lambda: open(PATH, "rb", buffering=0),
    "/part": part,
    "/temporary": temporary,
    "/gzip": lambda: gzip.open(PATH + ".gz", "rb"),
    "/memory": lambda: io.BytesIO(b"in memory"),
    "/pipe": pipe,
    "/only-read": OnlyRead,
}

with gzip.open(PATH + ".gz", "wb") as zipped:
    zipped.write(b"unzipped")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/closed":
        start_response("200 OK", [])
        return [repr([f.closed for f in files]).encode()]
    length = environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Length", length)] if length else [])
    f = KINDS[path]()
    if hasattr(f, "closed"):
        files.append(f)
    return environ["wsgi.file_wrapper"](f, 4)
)py";

struct Files : ::testing::Test {
    std::unique_ptr<Application> application;
    Connection connection;

    void SetUp() override {
        test::runtime();
        const std::string path = test::folder() + "/" + test::unused_name("file");
        std::ofstream(path) << "hello file\n";
        std::string source = kFiles;
        source.replace(source.find("@PATH@"), 6, path);
        application = make_application(source);
    }
    Answer serve(const std::string& head) { return connection.serve(*application, head); }
    Answer get(const std::string& target) { return serve("GET " + target + " HTTP/1.1"); }
};

TEST_F(Files, RealFilesAreSentWithoutPython) {
    const std::pair<const char*, const char*> cases[] = {{"/plain", "hello file\n"},
                                                         {"/unbuffered", "hello file\n"},
                                                         {"/part", "file\n"},
                                                         {"/temporary", "temporary"}};
    for (const auto& [path, body] : cases) {
        const Answer answer = get(path);
        EXPECT_TRUE(answer.had_file) << path;
        EXPECT_EQ(answer.body, body);
        EXPECT_EQ(answer.fields, fmt::format("Content-Length: {}\r\n", std::string_view(body).size()));
        EXPECT_TRUE(answer.complete);
    }
    EXPECT_EQ(get("/closed").body, "[True, True, True, True]");
}

TEST_F(Files, ADeclaredLengthIsRespected) {
    const Answer part = get("/plain?5");
    EXPECT_TRUE(part.had_file);
    EXPECT_EQ(part.body, "hello");
    const Answer whole = get("/plain?11");
    EXPECT_EQ(whole.body, "hello file\n");
    const Answer more = get("/plain?12");
    EXPECT_FALSE(more.complete);
}

TEST_F(Files, OtherThingsAreReadInBlocks) {
    const std::pair<const char*, const char*> cases[] = {{"/gzip", "unzipped"},
                                                         {"/memory", "in memory"},
                                                         {"/pipe", "through a pipe"},
                                                         {"/only-read", "only read()"}};
    for (const auto& [path, body] : cases) {
        const Answer answer = get(path);
        EXPECT_FALSE(answer.had_file) << path;
        EXPECT_EQ(answer.body, body);
    }
    EXPECT_EQ(get("/closed").body, "[True, True, True]");
}

TEST_F(Files, HeadSendsNone) {
    const Answer answer = serve("HEAD /plain?11 HTTP/1.1");
    EXPECT_FALSE(answer.had_file);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(get("/closed").body, "[True]");
}

TEST_F(Files, DescriptorsAreReturned) {
    const auto open_files = [] {
        const std::filesystem::directory_iterator all("/proc/self/fd");
        return std::distance(begin(all), end(all));
    };
    get("/plain");
    const auto before = open_files();
    for (int i = 0; i < 10; ++i) get("/plain");
    EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace baton::interp
