# The loops of each rung's micro-kernel, read from its object: code_shape.py
# says what is looked for.
find_program(SRNN_PYTHON python3)

# srnn_shape(<name> <job> <rung> <object> [<compiler's word> ...])
function(srnn_shape name job rung object)
  set(command ${SRNN_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/code_shape.py
    ${job} ${rung} ${object})
  if(NOT SRNN_PYTHON)
    set(command sh -c "echo 'skipped: python3 is not installed' && exit 77")
  elseif(ARGN)
    list(APPEND command -- ${CMAKE_C_COMPILER} ${SRNN_FLAGS_${rung}}
      -I ${PROJECT_SOURCE_DIR}/include ${ARGN})
  endif()
  srnn_add_test(shape/${name} LABEL hygiene COMMAND ${command}
    ENV OBJDUMP=${CMAKE_OBJDUMP})
endfunction()

# The micro-kernel alone, changed by the definitions, and its check.
function(srnn_shape_control name job rung)
  list(TRANSFORM ARGN PREPEND -D)
  set(words "-DVOCABULARY=\"../kernels/vec_${rung}.h\"" ${ARGN})
  set(source ${CMAKE_CURRENT_LIST_DIR}/code_shape_control.c)
  string(MAKE_C_IDENTIFIER shape_${name} object)
  add_library(${object} OBJECT ${source})
  target_include_directories(${object} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${object} PRIVATE ${SRNN_FLAGS_${rung}} ${words})
  srnn_shape(${name} ${job} ${rung} $<TARGET_OBJECTS:${object}> ${words}
    ${source})
endfunction()

foreach(rung IN LISTS SRNN_RUNGS)
  set(object "$<FILTER:$<TARGET_OBJECTS:simdrnn_objects>,INCLUDE,/${rung}\\.c>")
  srnn_shape(${rung} --check ${rung} ${object}
    ${PROJECT_SOURCE_DIR}/kernels/${rung}.c)
  srnn_shape(${rung}-model --model ${rung} ${object})
  srnn_shape_control(${rung}-alone --check ${rung})
  srnn_shape_control(${rung}-wide "--refuse=the stack" ${rung} CONTROL_WIDE)
  srnn_shape_control(${rung}-split "--refuse=neither FMA nor load" ${rung}
    CONTROL_SPLIT)
  srnn_shape_control(${rung}-again "--refuse=no tile" ${rung} CONTROL_AGAIN)
endforeach()
