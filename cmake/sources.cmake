# Every source of the libraries, by the flags it needs. The one place to add a
# file of kernels/, cells/ or io/.

# Portable C; compiled a second time with double for the tests.
set(SRNN_PORTABLE
  kernels/base.c
  kernels/dispatch.c
  kernels/optimiser.c
  kernels/philox.c)

# The recurrence over the kernel table; compiled with double too.
set(SRNN_CELLS
  cells/attend.c
  cells/attention.c
  cells/axes.c
  cells/beam.c
  cells/beam_open.c
  cells/bind.c
  cells/cells.c
  cells/dropout.c
  cells/embedding.c
  cells/extent.c
  cells/forcing.c
  cells/generate.c
  cells/init.c
  cells/init_fill.c
  cells/input.c
  cells/join.c
  cells/layer.c
  cells/layer_carve.c
  cells/layer_gradients.c
  cells/layer_states.c
  cells/likelihood.c
  cells/linear.c
  cells/loss.c
  cells/loss_real.c
  cells/lstm.c
  cells/masks.c
  cells/memory.c
  cells/net.c
  cells/norm.c
  cells/norm_node.c
  cells/orthogonal.c
  cells/over_time.c
  cells/pool.c
  cells/print.c
  cells/print_dot.c
  cells/print_edges.c
  cells/print_kind.c
  cells/recurrent.c
  cells/run.c
  cells/sample.c
  cells/schedule.c
  cells/session.c
  cells/single.c
  cells/stack.c
  cells/states.c
  cells/step.c
  cells/through.c
  cells/trainer.c
  cells/trainer_held.c
  cells/update.c
  cells/variant.c
  cells/worth.c)

# The rungs beside these are kernels/<rung>.c, each with its own flags
# (isa.cmake), the bench's kernels/limits_<rung>.c, and the overlays
# kernels/overlay_<provider>.c.
set(SRNN_SCALAR kernels/reference.c)
set(SRNN_F64 kernels/f64.c)
set(SRNN_ALL_RUNGS avx2 avx512 neon)
set(SRNN_PROVIDERS sleef xsmm)

# Model files.
set(SRNN_IO_SOURCES
  io/checkpoint.c
  io/graph_agree.c
  io/graph_attributes.c
  io/graph_forms.c
  io/graph_kinds.c
  io/graph_read.c
  io/graph_write.c
  io/model.c
  io/parts.c
  io/reader.c
  io/replace.c
  io/settings.c
  io/writer.c)

# Every file is listed, and once.
set(listed ${SRNN_PORTABLE} ${SRNN_CELLS} ${SRNN_SCALAR} ${SRNN_F64}
  ${SRNN_IO_SOURCES})
foreach(rung IN LISTS SRNN_ALL_RUNGS)
  list(APPEND listed kernels/${rung}.c kernels/limits_${rung}.c)
endforeach()
foreach(provider IN LISTS SRNN_PROVIDERS)
  list(APPEND listed kernels/overlay_${provider}.c)
endforeach()
file(GLOB there CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  cells/*.c kernels/*.c io/*.c)
list(SORT listed)
list(SORT there)
if(NOT listed STREQUAL there)
  set(unlisted ${there})
  list(REMOVE_ITEM unlisted ${listed})
  message(FATAL_ERROR "cmake/sources.cmake lists a file twice, one that is not "
    "there, or lacks: ${unlisted}\nlisted: ${listed}")
endif()
