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
  cells/cells.c
  cells/embedding.c
  cells/extent.c
  cells/input.c
  cells/layer.c
  cells/linear.c
  cells/loss.c
  cells/net.c
  cells/pool.c
  cells/recurrent.c
  cells/run.c
  cells/run.c
  cells/sample.c
  cells/schedule.c
  cells/session.c
  cells/trainer.c
  cells/update.c)

# The rungs beside these are kernels/<rung>.c, each with its own flags
# (isa.cmake).
set(SRNN_SCALAR kernels/reference.c)
set(SRNN_F64 kernels/f64.c)

# Model files.
set(SRNN_IO_SOURCES
  io/checkpoint.c
  io/graph.c
  io/model.c
  io/parts.c
  io/reader.c
  io/replace.c
  io/settings.c
  io/writer.c)
