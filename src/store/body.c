/* store/body.c - id and meta put into a stored body. See tx.h for the form. */
#include "store/store_int.h"

#define HEAD_TEXT "{\"resourceType\":\""
#define META_TEXT ",\"meta\":{"

/* Offset just after {"resourceType":"X"; 0 when the form is another. */
static size_t after_type(struct str raw)
{
    const struct str head = SI(HEAD_TEXT);
    if (!str_starts(raw, head)) {
        return 0;
    }
    size_t quote = str_find_char(str_sub(raw, head.n, 64), '"');
    size_t at = head.n + quote + 1;
    if (quote == 0 || quote >= 64 || at >= raw.n) {
        return 0;
    }
    return raw.p[at] == ',' || raw.p[at] == '}' ? at : 0;
}

bool body_is_well_formed(struct str raw)
{
    size_t at = after_type(raw);
    struct str rest = str_sub(raw, at, raw.n);
    return at > 0 && str_ends(raw, S("}")) && !str_starts(rest, S(META_TEXT "}")) &&
           !str_starts(rest, S(",\"id\":"));
}

struct str body_splice(struct arena *a, struct str raw, struct str id, uint64_t version,
                       int64_t updated_ms)
{
    size_t at = after_type(raw);
    struct str rest = str_sub(raw, at, raw.n);
    struct buf b;
    buf_init(&b, a, raw.n + id.n + 160);
    if (buf_room(&b, raw.n + id.n + 128) == NULL) {
        return (struct str){NULL, 0};
    }
    buf_bytes(&b, raw.p, at);
    BUF_LIT(&b, ",\"id\":\"");
    buf_str(&b, id);
    BUF_LIT(&b, "\",\"meta\":{\"versionId\":\"");
    buf_u64(&b, version);
    BUF_LIT(&b, "\",\"lastUpdated\":\"");
    instant_write(&b, (struct instant){updated_ms});
    if (str_starts(rest, S(META_TEXT))) {
        BUF_LIT(&b, "\",");
        buf_str(&b, str_sub(rest, sizeof(META_TEXT) - 1, rest.n));
    } else {
        BUF_LIT(&b, "\"}");
        buf_str(&b, rest);
    }
    return buf_get(&b);
}
