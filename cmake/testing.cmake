# How a test is declared, and in which kinds of build it runs.

# The kind of this build: its tests are named <kind>/..., release ones plainly.
set(SRNN_KIND release)
if(CMAKE_CROSSCOMPILING)
  set(SRNN_KIND aarch64)
elseif(SRNN_SANITIZE MATCHES address)
  set(SRNN_KIND asan)
elseif(SRNN_SANITIZE MATCHES thread)
  set(SRNN_KIND tsan)
endif()

# Seconds after which one test of a label has hung and is killed: several times
# what the slowest of them takes under a sanitizer or qemu with the CPUs shared.
# They bound a fault, and share nothing out: together the tests of all kinds
# must stay within 30 minutes on two cores.
set(SRNN_TIMEOUT_kernel 300)
set(SRNN_TIMEOUT_cell 300)
set(SRNN_TIMEOUT_gradient 300)
set(SRNN_TIMEOUT_promise 300)
set(SRNN_TIMEOUT_train 180)
set(SRNN_TIMEOUT_tasks 300)
set(SRNN_TIMEOUT_file 60)
set(SRNN_TIMEOUT_example 60)
set(SRNN_TIMEOUT_gate 180)
set(SRNN_TIMEOUT_dispatch 30)
set(SRNN_TIMEOUT_install 120)
set(SRNN_TIMEOUT_hygiene 60)

set(SRNN_ENV_asan ASAN_OPTIONS=allocator_may_return_null=1
  UBSAN_OPTIONS=print_stacktrace=1)
set(SRNN_ENV_tsan TSAN_OPTIONS=halt_on_error=1)

# gcc 12's tsan cannot place its shadow under a kernel that randomises
# addresses widely. Where randomising cannot be turned off, as in a container,
# it runs as it is if a program starts ten times in ten.
set(SRNN_LAUNCH)
set(SRNN_SKIP) # why no test of this kind can run
if(SRNN_KIND STREQUAL tsan)
  set(fixed setarch ${CMAKE_HOST_SYSTEM_PROCESSOR} -R)
  execute_process(COMMAND ${fixed} true
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed STREQUAL 0)
    set(SRNN_LAUNCH ${fixed})
  else()
    set(starts ${PROJECT_BINARY_DIR}/tsan_starts)
    try_compile(compiled
      SOURCE_FROM_CONTENT starts.c "int main(void) { return 0; }"
      COMPILE_DEFINITIONS -fsanitize=thread LINK_OPTIONS -fsanitize=thread
      COPY_FILE ${starts})
    foreach(turn RANGE 1 10)
      execute_process(COMMAND ${starts}
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
      if(NOT failed STREQUAL 0)
        set(SRNN_SKIP "a program of the thread sanitizer does not start here")
      endif()
    endforeach()
  endif()
endif()

# srnn_add_test(<name> LABEL <label> COMMAND <word> ... [ENV <NAME=value> ...]
#   [SERIAL]): a command in this build. Exit code 77 says that it was skipped.
function(srnn_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 t "SERIAL" "" "LABEL;COMMAND;ENV")
  list(GET t_LABEL 0 label)
  if(NOT DEFINED SRNN_TIMEOUT_${label})
    message(FATAL_ERROR "${name}: unknown label '${label}'")
  endif()
  if(NOT SRNN_KIND STREQUAL release)
    set(name ${SRNN_KIND}/${name})
    list(APPEND t_LABEL ${SRNN_KIND})
  endif()
  if(SRNN_KIND STREQUAL aarch64)
    list(APPEND t_LABEL neon)
  endif()
  if(SRNN_SKIP)
    set(t_COMMAND sh -c "echo 'skipped: ${SRNN_SKIP}' && exit 77")
  endif()
  add_test(NAME ${name} COMMAND ${t_COMMAND} COMMAND_EXPAND_LISTS)
  set_tests_properties(${name} PROPERTIES
    LABELS "${t_LABEL}"
    SKIP_RETURN_CODE 77
    TIMEOUT ${SRNN_TIMEOUT_${label}}
    ENVIRONMENT "${t_ENV}")
  if(NOT t_ENV MATCHES SRNN_ISA)
    set_property(TEST ${name} PROPERTY
      ENVIRONMENT_MODIFICATION SRNN_ISA=unset:)
  endif()
  if(t_SERIAL)
    set_property(TEST ${name} PROPERTY RUN_SERIAL TRUE)
  endif()
endfunction()

# srnn_program(<name> SOURCES <file> ... [LIBS <library> ...] [F64]): the
# executable test_<name>, linked with the static library or its double twin.
# Its sessions put all of their threads to work: tests/everyone.h.
function(srnn_program name)
  cmake_parse_arguments(PARSE_ARGV 1 p "F64" "" "SOURCES;LIBS")
  string(MAKE_C_IDENTIFIER test_${name} program)
  add_executable(${program} ${p_SOURCES}
    ${PROJECT_SOURCE_DIR}/tests/everyone.c)
  target_link_options(${program} PRIVATE
    -Wl,--wrap=srnn_worth_pass,--wrap=srnn_worth_update,--wrap=srnn_pool_now)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${program} PRIVATE ${p_LIBS}
    $<IF:$<BOOL:${p_F64}>,simdrnn_f64,simdrnn_static>)
endfunction()

# srnn_test(<name> LABEL <label>
#   SOURCES <file> ... [LIBS <library> ...] [F64]
#                         its own program; or
#   PROGRAM <name>        that of srnn_program, or of a test before it
#   [ARGS <arg> ...]      arguments in the release kind
#   [SHORT <arg> ...]     arguments where it runs slowly, in all other kinds;
#                         if not given, ARGS
#   [KINDS <kind> ...]    of release asan tsan aarch64, and haswell nehalem: the
#                         release program under qemu-x86_64 -cpu ...; if not
#                         given, release asan aarch64
#   [NEEDS <part> ...]    of cairo jansson onednn sleef xsmm random123, and io:
#                         linked; without one, the test is reported as skipped
#   [USES <part> ...]     the same parts: linked where they are, and then
#                         SRNN_HAVE_<PART> is defined
#   [ENV <NAME=value> ...]
#   [SERIAL])             nothing beside it: it times, or starts threads
function(srnn_test name)
  cmake_parse_arguments(PARSE_ARGV 1 t "F64;SERIAL" "LABEL;PROGRAM"
    "SOURCES;LIBS;ARGS;SHORT;KINDS;NEEDS;USES;ENV")
  if(NOT t_KINDS)
    set(t_KINDS release asan aarch64)
  endif()
  set(emulated)
  if(SRNN_KIND STREQUAL release AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    set(emulated ${t_KINDS})
    list(FILTER emulated INCLUDE REGEX "^(haswell|nehalem)$")
  endif()
  if(NOT SRNN_KIND IN_LIST t_KINDS AND NOT emulated)
    return()
  endif()
  if(NOT DEFINED t_SHORT)
    set(t_SHORT ${t_ARGS})
  endif()
  set(rest ENV ${SRNN_ENV_${SRNN_KIND}} ${t_ENV})
  if(t_SERIAL)
    list(PREPEND rest SERIAL)
  endif()

  foreach(need IN LISTS t_NEEDS)
    if(need STREQUAL io AND TARGET simdrnn_io_static)
      list(APPEND t_LIBS simdrnn_io_static)
    elseif(TARGET dep_${need})
      list(APPEND t_USES ${need})
    else()
      srnn_add_test(${name} LABEL ${t_LABEL}
        COMMAND sh -c "echo 'skipped: built without ${need}' && exit 77")
      return()
    endif()
  endforeach()

  foreach(part IN LISTS t_USES)
    if(TARGET dep_${part})
      list(APPEND t_LIBS dep_${part})
    endif()
  endforeach()

  if(t_SOURCES)
    set(t_PROGRAM ${name})
    if(t_F64)
      srnn_program(${name} SOURCES ${t_SOURCES} LIBS ${t_LIBS} F64)
    else()
      srnn_program(${name} SOURCES ${t_SOURCES} LIBS ${t_LIBS})
    endif()
  endif()
  string(MAKE_C_IDENTIFIER test_${t_PROGRAM} program)

  if(SRNN_KIND STREQUAL release AND release IN_LIST t_KINDS)
    srnn_add_test(${name} LABEL ${t_LABEL} ${rest}
      COMMAND $<TARGET_FILE:${program}> ${t_ARGS})
  elseif(SRNN_KIND IN_LIST t_KINDS)
    srnn_add_test(${name} LABEL ${t_LABEL} ${rest}
      COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} ${SRNN_LAUNCH}
        $<TARGET_FILE:${program}> ${t_SHORT})
  endif()
  # qemu 7.2 reads and writes the lanes that a masked AVX2 access leaves out, so
  # guard pages would trap where a CPU does not.
  foreach(cpu IN LISTS emulated)
    srnn_add_test(${cpu}/${name} LABEL ${t_LABEL} dispatch ${rest}
      SRNN_TEST_GUARD=0
      COMMAND ${PROJECT_SOURCE_DIR}/tests/qemu.sh x86_64 ${cpu}
        $<TARGET_FILE:${program}> ${t_SHORT})
  endforeach()
endfunction()

# srnn_wrap(<test> <function> ...): the test's own version stands before the
# C library's.
function(srnn_wrap name)
  string(MAKE_C_IDENTIFIER test_${name} program)
  if(TARGET ${program})
    list(TRANSFORM ARGN PREPEND -Wl,--wrap=)
    target_link_options(${program} PRIVATE ${ARGN})
  endif()
endfunction()
