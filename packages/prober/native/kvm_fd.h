/* What the two KVM jobs share: the CPU they run on, opening the device, and CHECK_EXTENSION. */
#ifndef CPU_ATLAS_KVM_FD_H
#define CPU_ATLAS_KVM_FD_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_PATH_BYTES = 4096, MAX_EXTENSIONS = 1024, MAX_CPUID_ENTRIES = 4096, CPUID_ENTRY_WORDS = 7 };

/* Reads a CPU number; null means none and gives -1. Throws a TypeError and returns false on anything else. */
bool get_cpu_or_null(napi_env env, napi_value value, int32_t *cpu);

/* Opens the KVM device from the given CPU (-1: any); the descriptor, or -errno. */
int open_kvm_on_cpu(const char *path, int32_t cpu);

/* ioctl that starts again when a signal interrupts it (a few times); the result, or -errno. */
int64_t call_ioctl(int fd, unsigned long request, uintptr_t argument);

/* KVM_CHECK_EXTENSION for 0 … count-1: the answer, or -errno. */
void check_extensions(int fd, int32_t *answers, size_t count);

#endif
