/* Model files: nets and training runs as safetensors (library simdrnn_io).
 *
 * A file holds 32-bit floats, row-major, under the names that srnn_net_param
 * gives, which are PyTorch's; the graph lies beside them as one line of JSON
 * in the metadata entry "simdrnn". In Python, safetensors.torch.load_file and
 * save_file read and write such files.
 *
 * A file that is saved appears whole or not at all: it is written as
 * <path>.tmp, synced, renamed to <path>. A process killed at any moment leaves
 * the old file or the new one, and at worst a .tmp that the next save takes
 * over. Where another process is writing the same .tmp, saving fails.
 *
 * A file that is damaged is refused with SRNN_EFORMAT and a message, one that
 * cannot be read or written with SRNN_EIO; no memory is taken for a size that
 * the file does not hold, and none has more than SRNN_FILE_NODES nodes and axes
 * or 100 MB of header. All checks come before the first change; only a
 * device that fails while the values are read leaves a net half filled.
 *
 * Threads: as simdrnn.h says for the handles; each path for one at a time. */
#ifndef SIMDRNN_IO_H
#define SIMDRNN_IO_H

#include <simdrnn/simdrnn.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { /* saving more is SRNN_EINVAL */
    SRNN_FILE_NODES = 4096, /* axes counted */
    SRNN_FILE_TIED = 16     /* tied nodes */
};

/* ---- models ------------------------------------------------------------ */

/* Writes the graph and the parameters. A net with an activation of the
 * caller's own (SRNN_ACT_OWN) is SRNN_EINVAL: a file cannot hold a function. */
SRNN_API srnn_status srnn_model_save(const srnn_net *net, const char *path);

/* Opens a net with the graph and the parameters of a file that
 * srnn_model_save or srnn_checkpoint_save wrote. isa as in srnn_net_open. */
SRNN_API srnn_status srnn_model_load(srnn_net **net, const char *path,
                                     const char *isa);

/* Fills the parameters of a net that is there from any safetensors file with
 * their names, such as one exported by PyTorch, and packs. SRNN_ESHAPE for a
 * tensor that is missing, has another shape, or is not F32; also for one that
 * bears a node's name but is no parameter of it (weight_ih_l1 where the net
 * has one layer). Tensors that belong to no node are ignored, so that a part
 * of a larger model can be read. */
SRNN_API srnn_status srnn_model_read(srnn_net *net, const char *path);

/* ---- training runs ----------------------------------------------------- */

enum { SRNN_NOTE_SIZE = 1024 };

/* What a run is made of beside the trainer. All random numbers are functions
 * of seeds and counts, so seeds, updates and steps are the whole generator. */
typedef struct srnn_progress {
    uint64_t updates;   /* done; the trainer's own */
    uint64_t step;      /* that masks go on from; the trainer's own */
    uint64_t position;  /* in the data, in whatever the caller counts */
    uint64_t data_hash; /* srnn_hash of the data; 0: not said */
    uint64_t seed;
    char note[SRNN_NOTE_SIZE]; /* the caller's own, UTF-8: a vocabulary, say */
} srnn_progress;

/* Writes a model file that also holds, of the trainer, the moments
 * ("adam/m/<parameter>", "adam/v/...", "sgd/m/..."), the carried states
 * ("state/<state>"), the number of updates, the step that masks are named by
 * next, whether sequences have begun, and the configuration; and of *progress
 * all but updates and step. What was given for the next call alone, lengths,
 * axes and identities of sequences, is given again. */
SRNN_API srnn_status srnn_checkpoint_save(const srnn_trainer *trainer,
                                          const srnn_progress *progress,
                                          const char *path);

/* Puts the trainer and its net where they were: updates that follow give the
 * same bits as if nothing had been stopped. The graph and the configuration
 * must be the file's, but for threads, input_gradients, segment and memory;
 * where progress->data_hash is not 0, it must be too. SRNN_ESTATE names what
 * differs. Then fills *progress. */
SRNN_API srnn_status srnn_checkpoint_load(srnn_trainer *trainer,
                                          srnn_progress *progress,
                                          const char *path);

/* Reads what a checkpoint says of itself; either may be NULL. threads is 1;
 * input_gradients, segment and memory are 0. */
SRNN_API srnn_status srnn_checkpoint_peek(const char *path,
                                          srnn_trainer_config *config,
                                          srnn_progress *progress);

/* FNV-1a, 64 bits (Fowler, Noll, Vo), never 0: tells one text from another,
 * withstands no forger. */
SRNN_API uint64_t srnn_hash(const void *data, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
