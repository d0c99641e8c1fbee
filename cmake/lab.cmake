# The lab where Baton is installed: its handlers, and the program that runs the experiments. `cmake --install BUILD
# --component lab` installs these alone.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/handlers DESTINATION share/baton COMPONENT lab
    FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE PATTERN native EXCLUDE)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/handlers/experiments/baton-lab DESTINATION bin COMPONENT lab)
