/* web/val.h - what a page is made from: text, numbers, times, maps and lists in an arena.
 *
 * A handler builds one map; templates read it by paths ("case.patient.name"). Running out of the
 * arena marks the map or list that did not get its value, and the page that looks at it fails with
 * E_TOO_LARGE; so nothing here needs checking.
 */
#pragma once

#include "base/arena.h"
#include "base/instant.h"

enum val_kind { VAL_NONE, VAL_STR, VAL_I64, VAL_BOOL, VAL_INSTANT, VAL_MAP, VAL_LIST, VAL_HTML };

struct val_item; /* one member of a map or element of a list */

struct val {
    enum val_kind kind;
    bool failed; /* a member did not fit the arena */
    uint32_t n;  /* members or elements */
    union {
        struct str s;      /* VAL_STR, borrowed; VAL_HTML */
        int64_t i;         /* VAL_I64; VAL_BOOL 0 or 1; VAL_INSTANT in ms */
        struct {
            struct arena *a;
            struct val_item *first;
            struct val_item *last;
        } of; /* VAL_MAP, VAL_LIST */
    };
};

/* A new empty map or list in a; NULL past its cap, which all functions here accept. */
struct val *val_map(struct arena *a);
struct val *val_list(struct arena *a);

/* Sets a member of a map. key is a literal and is not copied; text is borrowed, not copied. Setting
 * a key again replaces its value. val_set puts a map or list that was built apart. */
void val_set(struct val *map, const char *key, const struct val *v);
void val_set_str(struct val *map, const char *key, struct str s);
void val_set_z(struct val *map, const char *key, const char *z);
void val_set_i64(struct val *map, const char *key, int64_t i);
void val_set_bool(struct val *map, const char *key, bool b);
void val_set_instant(struct val *map, const char *key, struct instant t);
/* Sets a new empty map or list as a member and gives it. */
struct val *val_set_map(struct val *map, const char *key);
struct val *val_set_list(struct val *map, const char *key);

/* Adds an element to a list. */
void val_add(struct val *list, const struct val *v);
void val_add_str(struct val *list, struct str s);
struct val *val_add_map(struct val *list);

/* The member of a map, or NULL. */
const struct val *val_find(const struct val *map, struct str key);
/* Elements of a list (or members of a map) in order: NULL at the end. */
const struct val_item *val_first(const struct val *of);
const struct val_item *val_next(const struct val_item *item);
const struct val *val_item_value(const struct val_item *item);

/* Values outside any arena, for templates. */
struct val val_of_str(struct str s);
struct val val_of_i64(int64_t i);
struct val val_of_instant(struct instant t);
/* Not absent, false, 0, "", nor an empty list or map. */
bool val_is(struct val v);
/* Same text, or same number; a number equals the text of its digits; absent equals "". */
bool val_eq(struct val a, struct val b);
/* < 0, 0, > 0: by number when both are numbers, else by text. */
int val_cmp(struct val a, struct val b);
