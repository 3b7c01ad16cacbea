/* Binding a thread to one CPU. */
#ifndef CPU_ATLAS_AFFINITY_H
#define CPU_ATLAS_AFFINITY_H

#include <stdint.h>

/* Linux allows at most 8192 CPUs on x86. */
enum { MAX_CPUS = 8192 };

/* Binds the calling thread to `cpu`. Returns 0 or an errno; EAGAIN when the thread runs elsewhere all the same. */
int bind_to_cpu(uint32_t cpu);

#endif
