/* What the bodies ask of the compiler. UNROLL stands before a loop whose count
 * is a constant after inlining, UNROLL_4 before others. */
#ifndef SRNN_COMPILER_H
#define SRNN_COMPILER_H

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#endif
/* Loads are not moved across it: all of them gathered before their uses would
 * take more registers than there are. */
#define LOADS_STAY __asm__ volatile("" ::: "memory")
/* Tells the core that it waits for another. */
#if defined __x86_64__ || defined __i386__
#define RELAX __asm__ volatile("pause" ::: "memory")
#elif defined __aarch64__
#define RELAX __asm__ volatile("isb" ::: "memory")
#else
#define RELAX LOADS_STAY
#endif
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

#endif
