/* codec/json_patch.h - JSON Patch (RFC 6902) with JSON Pointer (RFC 6901). */
#pragma once

#include "codec/json.h"

enum { JSON_PATCH_OPS = 10000, JSON_PATCH_OUT = 16 << 20 };

/* Applies the operations of patch, in order, to doc; all or nothing. Numbers keep their text, members
 * their order.
 *
 * limits JSON_PATCH_OPS operations, JSON_PATCH_OUT bytes of result, the steps and values of
 *        codec/json_edit.h: copying a value into itself again and again ends there
 * errors E_BAD_INPUT    patch is no list of operations; detail "operation N: what"
 *        E_UNPROCESSED  an operation cannot be carried out here: a test that fails, a place that is not
 *                       there
 *        E_TOO_LARGE    a limit */
MUST_USE enum err json_patch(struct req *rq, struct jv doc, struct jv patch, struct str *ret_json);
