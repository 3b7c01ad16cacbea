/* Between JavaScript values and C memory. Inputs are copied: JavaScript may change or free its arrays meanwhile. */
#ifndef CPU_ATLAS_VALUES_H
#define CPU_ATLAS_VALUES_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads exactly `wanted` arguments; throws a TypeError and returns false when there are fewer. */
bool get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments);

/* Each of these throws a TypeError that names the argument and returns false on a wrong type or size. */
bool get_uint(napi_env env, napi_value value, const char *name, uint32_t max, uint32_t *out);
bool get_text(napi_env env, napi_value value, const char *name, char *out, size_t out_bytes);
/* `*out` is malloc'ed, never NULL on success; `max` and `*count` count elements. */
bool get_uint32s(napi_env env, napi_value value, const char *name, size_t max, uint32_t **out, size_t *count);
bool get_uint64s(napi_env env, napi_value value, const char *name, size_t max, uint64_t **out, size_t *count);

napi_value new_uint32s(napi_env env, const uint32_t *items, size_t count);
napi_value new_int32s(napi_env env, const int32_t *items, size_t count);
napi_value new_uint64s(napi_env env, const uint64_t *items, size_t count);

/* Set a property; false when N-API refuses or `value` is NULL. */
bool set_value(napi_env env, napi_value object, const char *name, napi_value value);
bool set_int(napi_env env, napi_value object, const char *name, int32_t value);

#endif
