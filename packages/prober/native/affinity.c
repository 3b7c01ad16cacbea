#include "affinity.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>

int bind_to_cpu(uint32_t cpu) {
  if (cpu >= MAX_CPUS) return EINVAL;
  cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
  size_t set_bytes = CPU_ALLOC_SIZE(MAX_CPUS);
  if (set == NULL) return ENOMEM;
  CPU_ZERO_S(set_bytes, set);
  CPU_SET_S(cpu, set_bytes, set);
  int error = sched_setaffinity(0, set_bytes, set) == 0 ? 0 : errno;
  CPU_FREE(set);
  if (error != 0) return error;
  return sched_getcpu() == (int)cpu ? 0 : EAGAIN;
}
