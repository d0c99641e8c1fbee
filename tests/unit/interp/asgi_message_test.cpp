#include "interp/asgi/message.hpp"
#include "tests/unit/interp/asgi_support.hpp"

namespace baton::interp::asgi {
namespace {

class MessageTest : public ::testing::Test {
  protected:
    // What is wrong, as "Type: text"; empty when nothing is.
    std::string head(const std::string& message) {
        const Owned object = room_.get(message);
        return fault(read_head(strings_, object, head_));
    }
    std::string fault(bool read) {
        EXPECT_EQ(read, PyErr_Occurred() == nullptr);
        if (PyErr_Occurred() == nullptr) return {};
        const Owned exception = steal(python::take_raised());
        room_.give("error", exception);
        return room_.show("f'{type(error).__name__}: {error}'");
    }

    test::LoopRoom room_;
    const Strings& strings_ = room_.loop().strings;
    http::ResponseHead head_;
};

TEST_F(MessageTest, AHeadHasStatusAndFields) {
    EXPECT_EQ(head("{'status': 201, 'headers': [(b'X-A', b'1'), [b'x-a', b'2']]}"), "");
    EXPECT_EQ(head_.status, 201);
    EXPECT_EQ(head_.reason, "Created");
    EXPECT_EQ(head_.fields, "X-A: 1\r\nx-a: 2\r\n");
    // Any iterable of any pairs, none, and an int of another type.
    room_.run("import http");
    EXPECT_EQ(head("{'status': http.HTTPStatus.NOT_FOUND, 'headers': (iter(p) for p in [(b'b', b'c')])}"),
              "");
    EXPECT_EQ(head_.status, 404);
    EXPECT_EQ(head_.fields, "b: c\r\n");
    EXPECT_EQ(head("{'status': 204, 'headers': None}"), "");
    EXPECT_EQ(head_.fields, "");
    EXPECT_EQ(head("{'status': 599}"), "");
}

TEST_F(MessageTest, WrongStatusesAreRefused) {
    for (const char* status : {"'200'", "None", "199", "1000", "-200", "2.0", "10**30"}) {
        const std::string why = head(std::string("{'status': ") + status + "}");
        EXPECT_NE(why.find("ValueError: the status must be an int from 200 to 999"), std::string::npos)
            << status << ": " << why;
    }
    EXPECT_NE(head("{}"), "");
}

TEST_F(MessageTest, WrongFieldsAreRefusedAndNamed) {
    const auto fields = [&](const std::string& list) {
        return head("{'status': 200, 'headers': " + list + "}");
    };
    EXPECT_EQ(fields("[('x', b'1')]"), "TypeError: a header's name must be bytes, not str");
    EXPECT_EQ(fields("[(b'x', 1)]"), "TypeError: a header's value must be bytes, not int");
    EXPECT_EQ(fields("[(b'x', b'1', b'2')]"), "ValueError: a header must be a pair [name, value]");
    EXPECT_EQ(fields("[5]"), "TypeError: a header must be a pair [name, value]");
    EXPECT_NE(fields("5").find("TypeError"), std::string::npos);
    for (const char* bad : {"b'1\\r\\nX-Evil: 2'", "b'\\n'", "b'a\\0b'"}) {
        const std::string why = fields(std::string("[(b'x-bad', ") + bad + ")]");
        EXPECT_EQ(why.find("ValueError: the response header b'x-bad': "), 0U) << bad << ": " << why;
    }
    EXPECT_EQ(fields("[(b'a b', b'')]").find("ValueError: the response header b'a b'"), 0U);
    // The exception of an iterable is its own.
    EXPECT_EQ(fields("(1 / 0 for x in [1])"), "ZeroDivisionError: division by zero");
}

TEST_F(MessageTest, FramingIsTheServersAndIgnored) {
    EXPECT_EQ(head("{'status': 200, 'headers': [(b'Transfer-Encoding', b'chunked'), (b'x', b'1')]}"), "");
    EXPECT_EQ(head_.fields, "x: 1\r\n");
    EXPECT_EQ(head("{'status': 200, 'headers': [(b'Content-Length', b'12')]}"), "");
    EXPECT_EQ(head_.content_length, 12U);
}

TEST_F(MessageTest, AListThatShrinksWhileItIsReadIsNoHarm) {
    room_.run(R"py(
class Evil(bytes):
    def __repr__(self):
        fields.clear()
        return "evil"
fields = [(Evil(b"a b"), b"1")] + [(b"x", b"%d" % i) for i in range(50)]
)py");
    EXPECT_EQ(head("{'status': 200, 'headers': fields}").find("ValueError: the response header evil"), 0U);
}

TEST_F(MessageTest, TheTypeMustBeThere) {
    const auto type = [&](const std::string& message) {
        const Owned object = room_.get(message);
        PyObject* const found = type_of(strings_, object);
        return found != nullptr ? "found " + room_.show(message + "['type']") : fault(false);
    };
    EXPECT_EQ(type("{'type': 'http.' + 'x'}"), "found http.x");
    EXPECT_EQ(type("{}"), "TypeError: a message needs a \"type\", which is a str");
    EXPECT_EQ(type("{'type': b'http'}"), "TypeError: a message needs a \"type\", which is a str");
    EXPECT_EQ(type("[]"), "TypeError: a message must be a dict, not list");
    const Owned computed = room_.get("''.join(['http.', 'request'])");
    EXPECT_TRUE(is(computed.get(), strings_.http_request));
    EXPECT_FALSE(is(computed.get(), strings_.http_disconnect));
}

TEST_F(MessageTest, BytesAreBytesOrSomethingLikeThem) {
    const auto bytes = [&](const std::string& message) {
        const Owned object = room_.get(message);
        Owned holder;
        std::string_view found = "old";
        const std::string why = fault(read_bytes(object, strings_.body, holder, found));
        return why.empty() ? std::string(found) : why;
    };
    EXPECT_EQ(bytes("{'body': b'ab'}"), "ab");
    EXPECT_EQ(bytes("{'body': bytearray(b'cd')}"), "cd");
    EXPECT_EQ(bytes("{'body': memoryview(b'abcdef')[::2]}"), "ace");
    EXPECT_EQ(bytes("{}"), "");
    EXPECT_EQ(bytes("{'body': None}"), "");
    EXPECT_EQ(bytes("{'body': 'text'}"), "TypeError: 'body' must be bytes, not str");
    EXPECT_EQ(bytes("{'body': [1]}"), "TypeError: 'body' must be bytes, not list");
}

TEST_F(MessageTest, FlagsAreWhatPythonHoldsForTrue) {
    const auto flag = [&](const std::string& message) {
        const Owned object = room_.get(message);
        bool set = true;
        const std::string why = fault(read_flag(object, strings_.more_body, set));
        return !why.empty() ? why : set ? "set" : "not set";
    };
    EXPECT_EQ(flag("{'more_body': 1}"), "set");
    EXPECT_EQ(flag("{'more_body': []}"), "not set");
    EXPECT_EQ(flag("{'more_body': None}"), "not set");
    EXPECT_EQ(flag("{}"), "not set");
    room_.run("class No:\n    def __bool__(self): raise ValueError('no')");
    EXPECT_EQ(flag("{'more_body': No()}"), "ValueError: no");
}

}  // namespace
}  // namespace baton::interp::asgi
