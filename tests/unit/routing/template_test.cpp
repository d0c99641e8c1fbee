#include "server/routing/template.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace baton::routing {
namespace {

TEST(Template, LiteralsMatchThemselvesOnly) {
    const Template users("/users");
    EXPECT_TRUE(users.matches("/users"));
    for (const char* path : {"/users/", "/user", "/usersx", "/", "", "users", "/users/1"}) {
        EXPECT_FALSE(users.matches(path)) << path;
    }
}

TEST(Template, APlaceholderTakesOneSegment) {
    const Template posts("/users/{id}/posts");
    EXPECT_TRUE(posts.matches("/users/7/posts"));
    EXPECT_TRUE(posts.matches("/users/anna/posts"));
    for (const char* path :
         {"/users//posts", "/users/7/8/posts", "/users/7", "/users/7/posts/", "/users/7/pots"}) {
        EXPECT_FALSE(posts.matches(path)) << path;
    }
}

TEST(Template, ATailTakesTheRest) {
    const Template files("/files/{rest*}");
    EXPECT_TRUE(files.matches("/files/"));
    EXPECT_TRUE(files.matches("/files/a"));
    EXPECT_TRUE(files.matches("/files/a/b/c"));
    EXPECT_FALSE(files.matches("/files"));
    EXPECT_FALSE(files.matches("/other/a"));
}

TEST(Template, TheRoot) {
    EXPECT_TRUE(Template("/").matches("/"));
    EXPECT_FALSE(Template("/").matches("/a"));
    EXPECT_TRUE(Template("/{all*}").matches("/"));
    EXPECT_TRUE(Template("/{all*}").matches("/a/b"));
}

TEST(Template, WhatIsNoTemplateIsRefusedWithTheText) {
    for (const char* text :
         {"", "users", "/a/{", "/a/{}", "/a/x{id}", "/a/{id}.json", "/{rest*}/b", "/{*}", "/{a{b}}"}) {
        try {
            const Template refused(text);
            FAIL() << text;
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find(text), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace baton::routing
