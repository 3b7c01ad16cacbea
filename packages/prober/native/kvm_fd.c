#include "kvm_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "affinity.h"
#include "values.h"

enum { MAX_TRIES = 16 };

bool get_cpu_or_null(napi_env env, napi_value value, int32_t *cpu) {
  napi_valuetype type;
  uint32_t number;
  *cpu = -1;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_null) return true;
  if (!get_uint(env, value, "cpu", MAX_CPUS - 1, &number)) return false;
  *cpu = (int32_t)number;
  return true;
}

int open_kvm_on_cpu(const char *path, int32_t cpu) {
  int error = cpu < 0 ? 0 : bind_to_cpu((uint32_t)cpu);
  if (error != 0) return -error;
  /* O_NONBLOCK: should the path be a FIFO, opening it must not wait for a writer. */
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  return fd >= 0 ? fd : -errno;
}

int64_t call_ioctl(int fd, unsigned long request, uintptr_t argument) {
  int status = -1;
  for (int i = 0; i < MAX_TRIES; i++) {
    status = ioctl(fd, request, argument);
    if (status >= 0) return status;
    if (errno != EINTR) break;
  }
  return -errno;
}

void check_extensions(int fd, int32_t *answers, size_t count) {
  for (size_t i = 0; i < count; i++) answers[i] = (int32_t)call_ioctl(fd, KVM_CHECK_EXTENSION, i);
}
