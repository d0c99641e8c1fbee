// docs/configuration.md and the option table say the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "server/config/access_format.hpp"
#include "server/config/options.hpp"

namespace baton::config {
namespace {

std::string bar_escaped(std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '|' ? "\\|" : std::string(1, c);
    return result;
}

std::string row(const Option& option) {
    std::string shown(option.default_text);
    if (option.has_default_value()) shown = fmt::format("`{}`", shown);
    if (!option.has_default_value() && !shown.empty()) shown = shown.substr(1, shown.size() - 2);
    return fmt::format("| `--{}{}{}` | {} | {}{} |", option.name, option.placeholder.empty() ? "" : " ",
                       bar_escaped(option.placeholder), shown, bar_escaped(option.help),
                       option.kind == Kind::list ? "; repeatable" : "");
}

std::vector<std::string> documented(const std::string& start) {
    std::ifstream page(BATON_DOCS "/configuration.md");
    EXPECT_TRUE(page.is_open());
    std::vector<std::string> rows;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with(start)) rows.push_back(line);
    }
    return rows;
}

TEST(Documentation, ListsExactlyTheOptionsOfTheTable) {
    std::vector<std::string> expected;
    std::string page;
    for (const Option& option : options()) {
        expected.push_back(row(option));
        page += expected.back() + "\n";
    }
    EXPECT_EQ(documented("| `--"), expected) << "the rows should be:\n" << page;
}

TEST(Documentation, ListsExactlyTheAtoms) {
    std::vector<std::string> expected;
    std::string page;
    for (const AtomInfo& atom : atoms()) {
        expected.push_back(fmt::format("| `{{{}}}` | {} |", atom.name, atom.meaning));
        page += expected.back() + "\n";
    }
    EXPECT_EQ(documented("| `{"), expected) << "the rows should be:\n" << page;
}

}  // namespace
}  // namespace baton::config
