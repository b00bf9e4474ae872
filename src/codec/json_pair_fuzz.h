/* codec/json_pair_fuzz.h - an input that is a JSON array of two values, for fuzz targets of patches: a
 * document and what is done to it. */
#pragma once

#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request of its own; false when the input is no such array. End it with req_done() either way. */
static inline bool fuzz_pair(struct req *rq, const uint8_t *data, size_t size, struct json_doc *doc,
                             struct jv *ret_from, struct jv *ret_change)
{
    req_init(rq, 64u << 20, (struct instant){0});
    if (json_parse(rq, (struct str){(const char *)data, size}, NULL, doc) != OK) {
        return false;
    }
    *ret_from = json_at(json_root(doc), 0);
    *ret_change = json_at(json_root(doc), 1);
    return json_has(*ret_from) && json_has(*ret_change);
}
