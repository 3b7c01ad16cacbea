#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(napi_env env, const char *name, const char *wanted) {
  char message[160];
  snprintf(message, sizeof message, "%s: expected %s", name, wanted);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count < wanted)
    return refuse(env, "arguments", "more of them");
  return true;
}

bool get_uint(napi_env env, napi_value value, const char *name, uint32_t max, uint32_t *out) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return refuse(env, name, "a number");
  if (!(number >= 0 && number <= max) || number != (double)(uint32_t)number)
    return refuse(env, name, "a whole number in range");
  *out = (uint32_t)number;
  return true;
}

bool get_text(napi_env env, napi_value value, const char *name, char *out, size_t out_bytes) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return refuse(env, name, "a string");
  if (length >= out_bytes) return refuse(env, name, "a shorter string");
  if (napi_get_value_string_utf8(env, value, out, out_bytes, &length) != napi_ok) return refuse(env, name, "a string");
  if (strlen(out) != length) return refuse(env, name, "a string without NUL");
  return true;
}

/* Copies a typed array of `type`, whose elements have `item_bytes` bytes. */
static bool copy_items(napi_env env, napi_value value, napi_typedarray_type type, size_t item_bytes, size_t max,
                       void **out, size_t *count) {
  bool is_typed_array = false;
  napi_typedarray_type actual;
  void *items;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  if (napi_get_typedarray_info(env, value, &actual, count, &items, NULL, NULL) != napi_ok) return false;
  if (actual != type || *count > max) return false;
  *out = malloc(*count * item_bytes + 1);
  if (*out == NULL) return false;
  if (*count > 0) memcpy(*out, items, *count * item_bytes);
  return true;
}

bool get_uint32s(napi_env env, napi_value value, const char *name, size_t max, uint32_t **out, size_t *count) {
  void *copy;
  if (!copy_items(env, value, napi_uint32_array, sizeof(uint32_t), max, &copy, count))
    return refuse(env, name, "a Uint32Array of bounded length");
  *out = copy;
  return true;
}

bool get_uint64s(napi_env env, napi_value value, const char *name, size_t max, uint64_t **out, size_t *count) {
  void *copy;
  if (!copy_items(env, value, napi_biguint64_array, sizeof(uint64_t), max, &copy, count))
    return refuse(env, name, "a BigUint64Array of bounded length");
  *out = copy;
  return true;
}

static napi_value new_items(napi_env env, napi_typedarray_type type, size_t item_bytes, const void *items,
                            size_t count) {
  void *memory;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, count * item_bytes, &memory, &buffer) != napi_ok) return NULL;
  if (count > 0) memcpy(memory, items, count * item_bytes);
  if (napi_create_typedarray(env, type, count, buffer, 0, &array) != napi_ok) return NULL;
  return array;
}

napi_value new_uint32s(napi_env env, const uint32_t *items, size_t count) {
  return new_items(env, napi_uint32_array, sizeof *items, items, count);
}

napi_value new_int32s(napi_env env, const int32_t *items, size_t count) {
  return new_items(env, napi_int32_array, sizeof *items, items, count);
}

napi_value new_uint64s(napi_env env, const uint64_t *items, size_t count) {
  return new_items(env, napi_biguint64_array, sizeof *items, items, count);
}

bool set_value(napi_env env, napi_value object, const char *name, napi_value value) {
  return value != NULL && napi_set_named_property(env, object, name, value) == napi_ok;
}

bool set_int(napi_env env, napi_value object, const char *name, int32_t value) {
  napi_value number;
  return napi_create_int32(env, value, &number) == napi_ok && set_value(env, object, name, number);
}
