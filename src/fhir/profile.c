/* fhir/profile.c - reading a profile into a tree. See profile.h. */
#include "fhir/profile.h"

/* What stands before the last '.' of an id, outside of slice names, which hold none. */
static struct str parent_id(struct str id)
{
    size_t at = 0;
    for (size_t i = 0; i < id.n; i++) {
        at = id.p[i] == '.' ? i : at;
    }
    return str_sub(id, 0, at);
}

static void name_split(struct profile_elem *e)
{
    struct str parent = parent_id(e->id);
    struct str last = parent.n > 0 ? str_sub(e->id, parent.n + 1, e->id.n) : e->id;
    size_t colon = str_find_char(last, ':');
    e->name = str_sub(last, 0, colon);
    e->slice = str_sub(last, colon + 1, last.n);
    if (str_ends(e->name, S("[x]"))) {
        e->name = str_sub(e->name, 0, e->name.n - 3);
    }
}

static uint32_t id_find(const struct profile *p, struct str id)
{
    for (uint32_t i = p->n; i > 0; i--) {
        if (str_eq(p->e[i - 1].id, id)) {
            return i - 1;
        }
    }
    return p->n;
}

/* The element of an id, made with all above it when it is not there. */
static uint32_t elem_make(struct profile *p, struct str id)
{
    struct str missing[32];
    unsigned n = 0;
    while (id.n > 0 && id_find(p, id) == p->n && n < LEN(missing)) {
        missing[n++] = id;
        id = parent_id(id);
    }
    uint32_t at = id.n > 0 ? id_find(p, id) : 0;
    at = at == p->n ? 0 : at;
    while (n > 0 && p->n < p->size) {
        struct profile_elem *e = &p->e[p->n];
        *e = (struct profile_elem){.id = missing[--n]};
        name_split(e);
        uint32_t *link = &p->e[at].first;
        while (*link != 0) {
            link = &p->e[*link].next;
        }
        *link = p->n;
        at = p->n++;
    }
    return at;
}

/* The id of an element that has none: its path, with its slice. */
static struct str id_of(struct req *rq, struct jv v)
{
    struct str id = json_str(rq->a, json_get(v, S("id")));
    struct str path = json_str(rq->a, json_get(v, S("path")));
    struct str slice = json_str(rq->a, json_get(v, S("sliceName")));
    if (id.n > 0 || slice.n == 0) {
        return id.n > 0 ? id : path;
    }
    struct buf b;
    buf_init(&b, rq->a, path.n + slice.n + 1);
    buf_str(&b, path);
    buf_char(&b, ':');
    buf_str(&b, slice);
    return buf_get(&b);
}

enum err profile_read(struct req *rq, struct jv sd, struct profile *ret_profile)
{
    struct jv list = json_path(sd, S("snapshot.element"));
    struct profile p = {.sd = sd};
    if (!json_has(list)) {
        list = json_path(sd, S("differential.element"));
    }
    p.url = json_str(rq->a, json_get(sd, S("url")));
    p.base = json_str(rq->a, json_get(sd, S("baseDefinition")));
    p.type = json_str(rq->a, json_get(sd, S("type")));
    size_t size = MIN((size_t)json_len(list) * 8 + 8, (size_t)PROFILE_ELEMENTS_MAX);
    p.e = ARENA_ARRAY(rq->a, size, struct profile_elem);
    TRY_MEM(rq, p.e);
    p.size = (uint32_t)size;
    if (p.type.n == 0 || size == 8) {
        return FAIL(rq, E_UNPROCESSED, "a profile without type or elements");
    }
    p.e[0] = (struct profile_elem){.id = p.type, .name = p.type};
    p.n = 1;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str id = id_of(rq, v);
        if (str_find_char(id, '.') == id.n) {
            p.e[0].v = v; /* the root, whatever it is called */
        } else {
            p.e[elem_make(&p, id)].v = v;
        }
    }
    *ret_profile = p;
    return OK;
}

uint32_t profile_child(const struct profile *p, uint32_t at, struct str name, struct str slice)
{
    uint32_t i = p->e[at].first;
    while (i != 0 && !(str_eq(p->e[i].name, name) && str_eq(p->e[i].slice, slice))) {
        i = p->e[i].next;
    }
    return i;
}

struct jv profile_value(struct req *rq, struct jv elem, struct str begin)
{
    for (struct jv v = json_first(elem); json_has(v); v = json_next(v)) {
        struct str key = json_key(rq, v);
        if (key.n > begin.n && str_starts(key, begin) && key.p[begin.n] <= 'Z') {
            return v;
        }
    }
    return (struct jv){0};
}
