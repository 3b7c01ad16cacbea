/*
 * The native part of the prober: it executes CPUID on a chosen CPU and makes KVM's ioctls.
 * It returns raw registers, lists and errno numbers and interprets none of them.
 */
#include "prober.h"

#include "job.h"

static bool export_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  if (!jobs_init(env)) return NULL;
  if (!export_function(env, exports, "readCpuid", read_cpuid)) return NULL;
  if (!export_function(env, exports, "readKvmSystem", read_kvm_system)) return NULL;
  if (!export_function(env, exports, "tryKvmVm", try_kvm_vm)) return NULL;
  return exports;
}
