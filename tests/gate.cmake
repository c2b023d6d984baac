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
srnn_gate(raw_stop)
srnn_gate(decide)
srnn_gate(rates)
srnn_gate(venv)

# ---- compare: builds, layouts, interruption, exit codes ---
srnn_gate(builds)
srnn_gate(driver)
srnn_gate(codes)
srnn_gate(beside)

# ---- the runner: memory as promised, refusals, well-formed pairs ---
# gate_module(<name> <source> [<definition> ...]): a module for the runner.
function(gate_module name source)
  add_library(${name} MODULE ${source})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/bench/gate)
  target_compile_definitions(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "")
endfunction()

find_program(SRNN_PYTHON python3)
if(TARGET gate_runner AND SRNN_PYTHON)
  gate_module(gate_a gate_runner_module.c LABEL="a")
  gate_module(gate_b gate_runner_module.c LABEL="b")
  gate_module(gate_old gate_runner_module.c LABEL="old" VERSION=2)
  gate_module(gate_odd gate_runner_module.c LABEL="odd" ODD="N=5")
  # The example's, in its two states.
  foreach(state dot dot_slow)
    gate_module(gate_${state} ../examples/gate/module.c)
    target_sources(gate_${state} PRIVATE
      ../bench/gate/rows.c ../examples/gate/${state}.c)
    target_compile_options(gate_${state} PRIVATE -O2)
  endforeach()
  set(modules)
  foreach(name gate_a gate_b gate_old gate_odd gate_dot gate_dot_slow)
    list(APPEND modules $<TARGET_FILE:${name}>)
  endforeach()
  srnn_add_test(gate/runner LABEL gate
    COMMAND ${SRNN_PYTHON} -B ${here}/gate_runner.py
      ${SRNN_LAUNCH} $<TARGET_FILE:gate_runner> --modules ${modules}
    ENV ${SRNN_ENV_${SRNN_KIND}}
      GATE_OPTIMISED=$<STREQUAL:${SRNN_KIND},release>)
elseif(TARGET gate_runner)
  srnn_add_test(gate/runner LABEL gate
    COMMAND sh -c "echo 'skipped: python3 is not installed' && exit 77")
endif()

# ---- counts: instructions, bytes of code, spills ---
if(TARGET gate_runner AND SRNN_KIND STREQUAL release)
  add_executable(gate_counts_names gate_counts_names.c)
  target_link_libraries(gate_counts_names PRIVATE srnn_problems)
  srnn_gate(counts ${CMAKE_C_COMPILER} $<TARGET_FILE:gate_runner>
    $<TARGET_FILE:gate_counts_names>)
endif()

# ---- the proof: plants apply, the self-check counts them ---
srnn_gate(plants)
srnn_gate(selfcheck)
# The whole gate over one row; it times, so nothing runs beside it.
if(TARGET gate_runner AND SRNN_KIND STREQUAL release)
  srnn_gate(short $<TARGET_FILE:gate_runner>)
  set_property(TEST gate/short PROPERTY RUN_SERIAL TRUE)
endif()

# ---- report: steps over commits, the history's file, the page ---
srnn_gate(changes)
srnn_gate(history)
srnn_gate(report)
