/* fhir/cursor.c - where a next link goes on, as sealed bytes: it may hold what a row is sorted by, and
 * nobody but this data folder makes or changes one (store/db.h db_seal). */
#include <string.h>

#include "base/text.h"
#include "fhir/search_int.h"

enum { CURSOR_FORM = 2 };

static void put_u64(struct buf *b, uint64_t v)
{
    uint8_t bytes[8];
    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = (uint8_t)(v >> (56 - 8 * k));
    }
    buf_bytes(b, bytes, sizeof(bytes));
}

static bool get_bytes(struct str *rest, size_t n, struct str *ret_bytes)
{
    if (rest->n < n) {
        return false;
    }
    *ret_bytes = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

static bool get_u64(struct str *rest, uint64_t *ret_v)
{
    struct str bytes;
    uint64_t v = 0;
    if (!get_bytes(rest, 8, &bytes)) {
        return false;
    }
    for (unsigned k = 0; k < 8; k++) {
        v = v << 8 | (uint8_t)bytes.p[k];
    }
    *ret_v = v;
    return true;
}

static bool get_u8(struct str *rest, uint8_t *ret_v)
{
    struct str bytes;
    if (!get_bytes(rest, 1, &bytes)) {
        return false;
    }
    *ret_v = (uint8_t)bytes.p[0];
    return true;
}

/* What the link belongs to: the search it continues. */
static struct str about(struct req *rq, const struct fhir_query *q)
{
    struct buf b;
    buf_init(&b, rq->a, q->path.n + q->self.n + 16);
    BUF_LIT(&b, "cursor ");
    buf_str(&b, q->path);
    buf_char(&b, '?');
    buf_str(&b, q->self);
    return buf_get(&b);
}

struct str cursor_write(struct req *rq, const struct fhir_query *q, const struct cursor *at)
{
    struct buf b;
    buf_init(&b, rq->a, 2048);
    buf_char(&b, CURSOR_FORM);
    put_u64(&b, (uint64_t)at->moment.vid);
    put_u64(&b, (uint64_t)at->moment.rid);
    put_u64(&b, at->type);
    buf_char(&b, at->undated ? 1 : 0);
    put_u64(&b, (uint64_t)at->after.at);
    put_u64(&b, (uint64_t)at->after.rid);
    buf_char(&b, (char)at->n_keys);
    for (size_t i = 0; i < at->n_keys; i++) {
        const struct sort_key *k = &at->keys[i];
        buf_char(&b, k->missing ? 1 : 0);
        put_u64(&b, (uint64_t)k->number);
        buf_char(&b, (char)MIN(k->text.n, (size_t)TUPLE_STRING_MAX));
        buf_str(&b, str_sub(k->text, 0, TUPLE_STRING_MAX));
    }
    buf_char(&b, (char)at->lead);
    put_u64(&b, (uint64_t)at->outer.at);
    put_u64(&b, (uint64_t)at->outer.rid);
    return buf_ok(&b) ? db_seal(rq, buf_get(&b), about(rq, q)) : (struct str){NULL, 0};
}

static bool key_read(struct str *rest, const struct fhir_query *q, size_t i, struct sort_key *k)
{
    uint8_t missing = 0;
    uint8_t n = 0;
    uint64_t number = 0;
    bool ok = get_u8(rest, &missing) && get_u64(rest, &number) && get_u8(rest, &n) &&
              n <= TUPLE_STRING_MAX && get_bytes(rest, n, &k->text);
    k->missing = missing != 0;
    k->number = (int64_t)number;
    k->descending = i < q->n_sort && q->sort[i].descending;
    return ok;
}

static bool plain_read(struct str rest, const struct fhir_query *q, struct cursor *at)
{
    uint8_t form = 0;
    uint8_t undated = 0;
    uint64_t type = 0;
    uint64_t v[6];
    bool ok = get_u8(&rest, &form) && form == CURSOR_FORM && get_u64(&rest, &v[0]) &&
              get_u64(&rest, &v[1]) && get_u64(&rest, &type) && get_u8(&rest, &undated) &&
              get_u64(&rest, &v[2]) && get_u64(&rest, &v[3]) && get_u8(&rest, &at->n_keys) &&
              at->n_keys <= FHIR_SORTS_MAX && type <= UINT16_MAX;
    for (size_t i = 0; ok && i < at->n_keys; i++) {
        ok = key_read(&rest, q, i, &at->keys[i]);
    }
    ok = ok && get_u8(&rest, &at->lead) && get_u64(&rest, &v[4]) && get_u64(&rest, &v[5]);
    if (!ok) {
        return false;
    }
    at->outer = (struct hit){(int64_t)v[4], (int64_t)v[5]};
    at->moment = (struct db_moment){(int64_t)v[0], (int64_t)v[1]};
    at->after = (struct hit){(int64_t)v[2], (int64_t)v[3]};
    at->type = (uint16_t)type;
    at->undated = undated != 0;
    bool is_moment = at->moment.vid >= 0 && at->moment.rid >= 0;
    return is_moment && rest.n == 0;
}

enum err cursor_read(struct req *rq, const struct fhir_query *q, struct cursor *ret_at)
{
    struct str plain;
    struct cursor at = {0};
    if (!db_unseal(rq, q->cursor, about(rq, q), &plain) || !plain_read(plain, q, &at)) {
        fhir_issue_add(rq, ISSUE_ERROR, "invalid", T("The link to this page is not valid."),
                       S("_cursor"), S(""));
        return FAIL(rq, E_BAD_INPUT, "_cursor");
    }
    *ret_at = at;
    return OK;
}
