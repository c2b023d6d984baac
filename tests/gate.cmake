# The regression gate: its parts, and the rates that it promises.
set(SRNN_TIMEOUT_gate 300)

# srnn_gate(<name> [<arg> ...]): gate_<name>.py, of release builds, by the
# Python that is there when it runs; exit code 77 where that misses a module.
function(srnn_gate name)
  if(SRNN_KIND STREQUAL release)
    srnn_add_test(gate/${name} LABEL gate
      COMMAND ${here}/gate_python.sh tests/gate_${name}.py ${ARGN})
    set_property(TEST gate/${name} PROPERTY
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

# ---- statistics: the raw file, the decision ---
srnn_gate(raw)
srnn_gate(decide)
srnn_gate(venv)
