/* store/dict_fuzz.c - a stored body whose bytes are damaged: told, never more than the limit, and what was
 * packed comes back. The first byte is the codec. */
#include "store/dict_int.h"
#include "store/fuzz_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_store folder;
    static struct db *db;
    static struct dicts *ds;
    struct req rq;
    struct str body;
    int64_t codec;
    if (db == NULL) {
        fuzz_store_open(NULL, &folder);
        db = store_db_open(folder.st);
        ds = dicts_new();
    }
    struct str stored = size > 0 ? (struct str){(const char *)data + 1, size - 1} : S("");
    req_init(&rq, 64u << 20, (struct instant){0});
    rq.db = db;
    if (dict_unpack(&rq, db, size > 0 ? data[0] % 4 : 0, stored, &body) == OK) {
        ASSERT(body.n <= BODY_MAX);
    } else {
        ASSERT(rq.err.code == E_IO || rq.err.code == E_TOO_LARGE);
    }
    err_clear(&rq);
    struct str packed = dict_pack(ds, rq.a, 1, stored, &codec);
    ASSERT(codec < CODEC_DICT && dict_unpack(&rq, db, codec, packed, &body) == OK
           && str_eq(body, stored));
    req_done(&rq);
    return 0;
}
