# baton-load: a program of its own, which links nothing of the server.
baton_room(load_stats loadgen/stats LINKS ZLIB::ZLIB fmt::fmt)
baton_room(load_plan loadgen/plan LINKS tomlplusplus::tomlplusplus fmt::fmt)
baton_room(load_result loadgen/result LINKS baton_load_stats baton_load_plan Boost::headers boost_json fmt::fmt)
baton_room(load_engine loadgen/engine LINKS baton_load_result Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
baton_room(load_books loadgen/books LINKS Boost::headers boost_json fmt::fmt)
baton_room(load_report loadgen/report LINKS baton_load_result baton_load_books Boost::headers boost_json fmt::fmt)
baton_embed(baton_load_report load_report
    page_html dashboards/report/page.html house_css dashboards/house.css page_css dashboards/report/page.css page_js dashboards/report/page.js
    uplot_js dashboards/vendor/uplot/uPlot.iife.min.js uplot_css dashboards/vendor/uplot/uPlot.min.css
    uplot_licence dashboards/vendor/uplot/LICENSE)
baton_room(load_live loadgen/live LINKS baton_load_report fmt::fmt Threads::Threads)
baton_room(load_metrics loadgen/metrics LINKS baton_load_result Boost::headers prometheus-cpp::core Threads::Threads)
baton_room(load_compare loadgen/compare LINKS baton_load_report baton_load_stats)
baton_room(load_fleet loadgen/fleet LINKS baton_load_engine baton_load_report)
baton_room(load_search loadgen/search)
baton_room(load_upstream loadgen/upstream LINKS baton_load_plan Boost::headers fmt::fmt)

if(EXISTS ${PROJECT_SOURCE_DIR}/loadgen/main.cpp)
    file(GLOB commands CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/loadgen/cli/*.cpp)
    add_executable(baton-load loadgen/main.cpp ${commands})
    target_compile_options(baton-load PRIVATE ${BATON_WARNINGS})
    target_compile_definitions(baton-load PRIVATE BATON_VERSION="${PROJECT_VERSION}")
    target_link_libraries(baton-load PRIVATE baton_load_engine baton_load_report baton_load_live baton_load_metrics
        baton_load_compare baton_load_fleet baton_load_search baton_load_upstream CLI11::CLI11)
    set_target_properties(baton-load PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    install(TARGETS baton-load RUNTIME DESTINATION bin)
endif()
