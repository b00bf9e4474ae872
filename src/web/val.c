/* web/val.c - what a page is made from. See val.h. */
#include "web/val.h"

#include "base/err.h"

struct val_item {
    struct val_item *next;
    struct str key; /* empty in a list */
    struct val value;
};

static struct val *container(struct arena *a, enum val_kind kind)
{
    struct val *v = ARENA_NEW(a, struct val);
    if (v != NULL) {
        v->kind = kind;
        v->of.a = a;
    }
    return v;
}

struct val *val_map(struct arena *a)
{
    return container(a, VAL_MAP);
}

struct val *val_list(struct arena *a)
{
    return container(a, VAL_LIST);
}

static struct val_item *item_add(struct val *of, struct str key)
{
    struct val_item *item = ARENA_NEW(of->of.a, struct val_item);
    if (item == NULL) {
        of->failed = true;
        return NULL;
    }
    item->key = key;
    if (of->of.last != NULL) {
        of->of.last->next = item;
    } else {
        of->of.first = item;
    }
    of->of.last = item;
    of->n++;
    return item;
}

static struct val_item *item_find(const struct val *map, struct str key)
{
    if (map == NULL || map->kind != VAL_MAP) {
        return NULL;
    }
    struct val_item *item = map->of.first;
    while (item != NULL && !str_eq(item->key, key)) {
        item = item->next;
    }
    return item;
}

/* The place for a member; NULL when the map is absent or full. */
static struct val *member(struct val *map, const char *key)
{
    if (map == NULL) {
        return NULL;
    }
    ASSERT(map->kind == VAL_MAP);
    struct val_item *item = item_find(map, str_z(key));
    if (item == NULL) {
        item = item_add(map, str_z(key));
    }
    return item != NULL ? &item->value : NULL;
}

void val_set(struct val *map, const char *key, const struct val *v)
{
    struct val *at = member(map, key);
    if (at != NULL && v != NULL) {
        *at = *v;
    } else if (map != NULL) {
        map->failed = true;
    }
}

static void member_put(struct val *map, const char *key, struct val v)
{
    struct val *at = member(map, key);
    if (at != NULL) {
        *at = v;
    }
}

void val_set_str(struct val *map, const char *key, struct str s)
{
    member_put(map, key, val_of_str(s));
}

void val_set_z(struct val *map, const char *key, const char *z)
{
    member_put(map, key, val_of_str(str_z(z)));
}

void val_set_i64(struct val *map, const char *key, int64_t i)
{
    member_put(map, key, val_of_i64(i));
}

void val_set_bool(struct val *map, const char *key, bool b)
{
    member_put(map, key, (struct val){.kind = VAL_BOOL, .i = b});
}

void val_set_instant(struct val *map, const char *key, struct instant t)
{
    member_put(map, key, val_of_instant(t));
}

static struct val *member_container(struct val *map, const char *key, enum val_kind kind)
{
    struct val *at = member(map, key);
    if (at != NULL) {
        *at = (struct val){.kind = kind, .of.a = map->of.a};
    }
    return at;
}

struct val *val_set_map(struct val *map, const char *key)
{
    return member_container(map, key, VAL_MAP);
}

struct val *val_set_list(struct val *map, const char *key)
{
    return member_container(map, key, VAL_LIST);
}

static struct val *element(struct val *list)
{
    if (list == NULL) {
        return NULL;
    }
    ASSERT(list->kind == VAL_LIST);
    struct val_item *item = item_add(list, S(""));
    return item != NULL ? &item->value : NULL;
}

void val_add(struct val *list, const struct val *v)
{
    struct val *at = element(list);
    if (at != NULL && v != NULL) {
        *at = *v;
    } else if (list != NULL) {
        list->failed = true;
    }
}

void val_add_str(struct val *list, struct str s)
{
    struct val *at = element(list);
    if (at != NULL) {
        *at = val_of_str(s);
    }
}

struct val *val_add_map(struct val *list)
{
    struct val *at = element(list);
    if (at != NULL) {
        *at = (struct val){.kind = VAL_MAP, .of.a = list->of.a};
    }
    return at;
}

const struct val *val_find(const struct val *map, struct str key)
{
    const struct val_item *item = item_find(map, key);
    return item != NULL ? &item->value : NULL;
}

const struct val_item *val_first(const struct val *of)
{
    return of != NULL && (of->kind == VAL_LIST || of->kind == VAL_MAP) ? of->of.first : NULL;
}

const struct val_item *val_next(const struct val_item *item)
{
    return item->next;
}

const struct val *val_item_value(const struct val_item *item)
{
    return &item->value;
}

struct val val_of_str(struct str s)
{
    return (struct val){.kind = VAL_STR, .s = s};
}

struct val val_of_i64(int64_t i)
{
    return (struct val){.kind = VAL_I64, .i = i};
}

struct val val_of_instant(struct instant t)
{
    return (struct val){.kind = VAL_INSTANT, .i = t.ms};
}

bool val_is(struct val v)
{
    switch (v.kind) {
    case VAL_NONE: return false;
    case VAL_STR:
    case VAL_HTML: return v.s.n > 0;
    case VAL_I64:
    case VAL_BOOL: return v.i != 0;
    case VAL_INSTANT: return true;
    case VAL_MAP:
    case VAL_LIST: return v.n > 0;
    }
    return false;
}

static bool is_number(struct val v)
{
    return v.kind == VAL_I64 || v.kind == VAL_BOOL || v.kind == VAL_INSTANT;
}

static struct str as_text(struct val v)
{
    return v.kind == VAL_STR || v.kind == VAL_HTML ? v.s : S("");
}

int val_cmp(struct val a, struct val b)
{
    int64_t x = a.i;
    int64_t y = b.i;
    bool a_number = is_number(a) || (a.kind == VAL_STR && str_i64(a.s, &x));
    bool b_number = is_number(b) || (b.kind == VAL_STR && str_i64(b.s, &y));
    if (a_number && b_number) {
        return (x > y) - (x < y);
    }
    return str_cmp(as_text(a), as_text(b));
}

bool val_eq(struct val a, struct val b)
{
    if (is_number(a) || is_number(b)) {
        bool comparable = (is_number(a) || a.kind == VAL_STR) && (is_number(b) || b.kind == VAL_STR);
        int64_t skip;
        if (comparable && a.kind == VAL_STR && !str_i64(a.s, &skip)) {
            return false;
        }
        if (comparable && b.kind == VAL_STR && !str_i64(b.s, &skip)) {
            return false;
        }
        return comparable && val_cmp(a, b) == 0;
    }
    return str_eq(as_text(a), as_text(b));
}
