/* fhir/validate_ids.c - contained resources by id, and the ids referred to, found at once. See
 * validate_int.h.
 *
 * The tables are made for one carrier of contained resources at a time, with one pass over it. */
#include "fhir/validate_int.h"

struct id_slot {
    struct str id;
    struct jv v; /* of a contained resource; absent in the table of references */
};

struct id_table {
    struct id_slot *slots;
    uint32_t mask;
};

struct walk_ids {
    struct jv carrier;
    struct id_table contained;
    struct id_table referred;
};

static bool table_make(struct arena *a, uint32_t n, struct id_table *t)
{
    uint32_t size = 4;
    while (size < n * 2) {
        size *= 2;
    }
    t->slots = ARENA_ARRAY(a, size, struct id_slot);
    t->mask = size - 1;
    return t->slots != NULL;
}

static struct id_slot *slot_of(const struct id_table *t, struct str id)
{
    uint32_t i = str_hash(id) & t->mask;
    while (t->slots[i].id.p != NULL && !str_eq(t->slots[i].id, id)) {
        i = (i + 1) & t->mask;
    }
    return &t->slots[i];
}

static bool is_local(const struct json_doc *doc, const struct json_node *n)
{
    return n->kind == JSON_STRING && n->len > 1 && doc->src.p[n->off] == '#';
}

static bool ids_fill(struct walk *w, struct walk_ids *ids, struct jv carrier)
{
    struct arena *a = w->rq->a;
    struct jv list = json_get(carrier, S("contained"));
    const struct json_node *nodes = carrier.doc->nodes;
    uint32_t n = 0;
    for (uint32_t i = carrier.at; i < nodes[carrier.at].end; i++) {
        n += is_local(carrier.doc, &nodes[i]) ? 1 : 0;
    }
    if (!table_make(a, json_len(list), &ids->contained) || !table_make(a, n, &ids->referred)) {
        return false;
    }
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str id = json_str(a, json_get(v, S("id")));
        struct id_slot *s = id.n > 0 ? slot_of(&ids->contained, id) : NULL;
        if (s != NULL && s->id.p == NULL) {
            *s = (struct id_slot){id, v};
        }
    }
    for (uint32_t i = carrier.at; i < nodes[carrier.at].end; i++) {
        if (is_local(carrier.doc, &nodes[i])) {
            struct str s = json_str(a, (struct jv){carrier.doc, i});
            struct str id = str_sub(s, 1, s.n);
            if (s.n > 1) {
                slot_of(&ids->referred, id)->id = id;
            }
        }
    }
    return true;
}

/* The tables of a carrier; NULL past the arena's cap. */
static struct walk_ids *ids_of(struct walk *w, struct jv carrier)
{
    if (w->ids != NULL && w->ids->carrier.doc == carrier.doc && w->ids->carrier.at == carrier.at) {
        return w->ids;
    }
    struct walk_ids *ids = ARENA_NEW(w->rq->a, struct walk_ids);
    if (ids == NULL || !ids_fill(w, ids, carrier)) {
        w->spent = true;
        return NULL;
    }
    ids->carrier = carrier;
    w->ids = ids;
    return ids;
}

struct jv walk_contained_find(struct walk *w, struct jv carrier, struct str id)
{
    struct walk_ids *ids = id.n > 0 ? ids_of(w, carrier) : NULL;
    return ids != NULL ? slot_of(&ids->contained, id)->v : (struct jv){0};
}

bool walk_is_referred(struct walk *w, struct jv carrier, struct str id)
{
    struct walk_ids *ids = id.n > 0 ? ids_of(w, carrier) : NULL;
    return ids != NULL && slot_of(&ids->referred, id)->id.p != NULL;
}
