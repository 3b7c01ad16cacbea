/* The functions that the addon offers to JavaScript; each is described at the top of its file. */
#ifndef CPU_ATLAS_PROBER_H
#define CPU_ATLAS_PROBER_H

#include <node_api.h>
#include <stdbool.h>

napi_value read_cpuid(napi_env env, napi_callback_info info);
napi_value read_kvm_system(napi_env env, napi_callback_info info);
napi_value try_kvm_vm(napi_env env, napi_callback_info info);

#endif
