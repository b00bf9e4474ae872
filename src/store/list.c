/* store/list.c - cursors over posting lists. See db.h. */
#include "store/read_int.h"
#include "store/store_int.h"

enum {
    LIST_PARTS = 16, /* systems merged by one token list */
    FAR_KEPT = 3,    /* short seeks until a list that jumped is stepped through again */
};

struct part {
    sqlite3_stmt *st;
    struct hit head;
    int64_t hi;
    bool has; /* head is a row not yet given */
    unsigned far; /* the last seeks jumped */
};

struct list {
    struct db *db;
    unsigned stmt;
    int bound_at; /* parameter of the bound's at; rid follows; 0: cannot seek */
    bool newest;
    bool has_hi;
    size_t n;
    struct part parts[LIST_PARTS];
    int64_t hi; /* of the last hit */
    enum err err;
};

static enum err list_new(struct req *rq, unsigned stmt, enum list_order o, int bound_at,
                         struct list **gives)
{
    struct list *l = ARENA_NEW(rq->a, struct list);
    TRY_MEM(rq, l);
    l->db = rq->db;
    l->stmt = stmt;
    l->newest = o == LIST_NEWEST;
    l->bound_at = bound_at;
    *gives = l;
    return OK;
}

static void part_step(struct list *l, struct part *p)
{
    int rc = sqlite3_step(p->st);
    p->has = rc == SQLITE_ROW;
    if (p->has) {
        p->head = (struct hit){sqlite3_column_int64(p->st, 0), sqlite3_column_int64(p->st, 1)};
        p->hi = l->has_hi ? sqlite3_column_int64(p->st, 2) : 0;
    } else if (rc != SQLITE_DONE) {
        l->err = conn_err(NULL, l->db->conn);
    }
}

static void bound_bind(const struct list *l, sqlite3_stmt *st, struct hit from)
{
    bind_i64(st, l->bound_at, from.at);
    bind_i64(st, l->bound_at + 1, from.rid);
}

/* One more source of rows: v are the parameters before the bound. */
static enum err part_add(struct req *rq, struct list *l, const int64_t *v, int n)
{
    struct part *p = &l->parts[l->n];
    struct hit all = l->newest ? (struct hit){INT64_MAX, INT64_MAX}
                               : (struct hit){INT64_MIN, INT64_MIN};
    TRY(read_take(rq, l->stmt, &p->st));
    l->n++;
    for (int i = 0; i < n; i++) {
        bind_i64(p->st, i + 1, v[i]);
    }
    if (l->bound_at != 0) {
        bound_bind(l, p->st, all);
    }
    part_step(l, p);
    return OK;
}

static enum err one_part(struct req *rq, unsigned stmt, enum list_order o, const int64_t *v, int n,
                         bool seeks, struct list **gives)
{
    struct list *l = NULL;
    TRY(list_new(rq, stmt, o, seeks ? n + 1 : 0, &l));
    enum err e = part_add(rq, l, v, n);
    if (e != OK) {
        list_close(&l);
        return e;
    }
    *gives = l;
    return OK;
}

enum err list_owner(struct req *rq, int64_t owner, uint16_t type, enum list_order o,
                    struct list **gives)
{
    const int64_t v[] = {owner, type};
    if (type == 0) {
        return one_part(rq, o == LIST_NEWEST ? C_LIST_OWNER_DESC : C_LIST_OWNER_ASC, o, v, 1,
                        false, gives);
    }
    return one_part(rq, o == LIST_NEWEST ? C_LIST_OF_DESC : C_LIST_OF_ASC, o, v, 2, true, gives);
}

enum err list_type(struct req *rq, uint16_t type, enum list_order o, struct list **gives)
{
    ASSERT(type != 0);
    return list_owner(rq, 0, type, o, gives);
}

enum err list_next_sys(struct req *rq, uint16_t sp, uint64_t hash, int64_t *sys,
                       bool *ret_has)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, C_TOKEN_NEXT_SYS, &st));
    bind_i64(st, 1, sp);
    bind_i64(st, 2, (int64_t)hash);
    bind_i64(st, 3, *sys);
    enum err e = read_step(rq, st, ret_has);
    if (e == OK && *ret_has) {
        *sys = sqlite3_column_int64(st, 0);
    }
    conn_give(rq->db->conn, C_TOKEN_NEXT_SYS, st);
    return e;
}

/* Skips from system to system; each becomes a part of the merge. */
static enum err add_systems(struct req *rq, struct list *l, uint16_t sp, uint64_t hash)
{
    int64_t sys = -1;
    bool has = true;
    for (;;) {
        TRY(list_next_sys(rq, sp, hash, &sys, &has));
        if (!has) {
            return OK;
        }
        if (l->n == LIST_PARTS) {
            return FAIL(rq, E_TOO_LARGE, "a code in more than %d systems", LIST_PARTS);
        }
        const int64_t v[] = {sp, (int64_t)hash, sys};
        TRY(part_add(rq, l, v, 3));
    }
}

enum err list_token(struct req *rq, uint16_t sp, uint64_t hash, uint32_t sys, enum list_order o,
                    struct list **gives)
{
    unsigned stmt = o == LIST_NEWEST ? C_LIST_TOKEN_DESC : C_LIST_TOKEN_ASC;
    struct list *l = NULL;
    if (sys != TOKEN_ANY_SYS) {
        const int64_t v[] = {sp, (int64_t)hash, sys};
        return one_part(rq, stmt, o, v, 3, true, gives);
    }
    TRY(list_new(rq, stmt, o, 4, &l));
    enum err e = add_systems(rq, l, sp, hash);
    if (e != OK) {
        list_close(&l);
        return e;
    }
    *gives = l;
    return OK;
}

static enum err count(struct req *rq, unsigned stmt, const int64_t *v, int n, uint64_t *ret_n)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, stmt, &st));
    for (int i = 0; i < n; i++) {
        bind_i64(st, i + 1, v[i]);
    }
    enum err e = read_step(rq, st, &has);
    *ret_n = has ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    conn_give(rq->db->conn, stmt, st);
    return e;
}

enum err list_count_type(struct req *rq, uint16_t type, uint64_t *ret_n)
{
    return count(rq, C_COUNT_OF, (const int64_t[]){type}, 1, ret_n);
}

enum err list_count_ref(struct req *rq, uint16_t sp, int64_t target, uint64_t *ret_n)
{
    return count(rq, C_COUNT_REF, (const int64_t[]){sp, target}, 2, ret_n);
}

enum err list_count_token(struct req *rq, uint16_t sp, uint64_t hash, uint32_t sys,
                          uint64_t *ret_n, bool *ret_known)
{
    int64_t at = sys != TOKEN_ANY_SYS ? (int64_t)sys : -1;
    bool has = true;
    *ret_known = true;
    if (sys == TOKEN_ANY_SYS) {
        int64_t second;
        TRY(list_next_sys(rq, sp, hash, &at, &has));
        second = at;
        if (has) {
            TRY(list_next_sys(rq, sp, hash, &second, ret_known));
            *ret_known = !*ret_known; /* a resource may have the code in both */
        }
    }
    *ret_n = 0;
    return has && *ret_known ? count(rq, C_COUNT_TOKEN, (const int64_t[]){sp, (int64_t)hash, at}, 3,
                                     ret_n)
                             : OK;
}

enum err list_ref(struct req *rq, uint16_t sp, int64_t target, enum list_order o,
                  struct list **gives)
{
    const int64_t v[] = {sp, target};
    return one_part(rq, o == LIST_NEWEST ? C_LIST_REF_DESC : C_LIST_REF_ASC, o, v, 2, true, gives);
}

int64_t db_ref_url(uint64_t url_hash)
{
    int64_t v = -(int64_t)(url_hash >> 1);
    return v != 0 ? v : -1;
}

enum err list_team(struct req *rq, uint64_t principal, enum list_order o, struct list **gives)
{
    const int64_t v[] = {(int64_t)principal};
    return one_part(rq, o == LIST_NEWEST ? C_LIST_TEAM_DESC : C_LIST_TEAM_ASC, o, v, 1, true,
                    gives);
}

static enum err date_list(struct req *rq, unsigned stmt, enum list_order o, const int64_t *v, int n,
                          struct list **gives)
{
    struct list *l = NULL;
    TRY(list_new(rq, stmt, o, 0, &l));
    l->has_hi = true;
    enum err e = part_add(rq, l, v, n);
    if (e != OK) {
        list_close(&l);
        return e;
    }
    *gives = l;
    return OK;
}

enum err list_date(struct req *rq, uint16_t sp, int64_t lo_from, int64_t lo_to, enum list_order o,
                   struct list **gives)
{
    const int64_t v[] = {sp, lo_from, lo_to};
    return date_list(rq, o == LIST_NEWEST ? C_LIST_DATE_DESC : C_LIST_DATE_ASC, o, v, 3, gives);
}

enum err list_date_long(struct req *rq, uint16_t sp, int64_t after, struct list **gives)
{
    const int64_t v[] = {sp, after};
    return date_list(rq, C_LIST_DATE_LONG, LIST_OLDEST, v, 2, gives);
}

enum err list_changed(struct req *rq, uint16_t type, int64_t from_ms, int64_t to_ms,
                      enum list_order o, struct list **gives)
{
    int64_t v[] = {type, 0, 0};
    TRY(db_vid_at(rq, from_ms - 1, &v[1]));
    TRY(db_vid_at(rq, to_ms - 1, &v[2]));
    return one_part(rq, o == LIST_NEWEST ? C_LIST_CHANGED_DESC : C_LIST_CHANGED_ASC, o, v, 3, false,
                    gives);
}

/* The least key above all keys with this prefix. */
static struct str prefix_end(struct str prefix, char out[TUPLE_STRING_MAX + 1])
{
    size_t n = prefix.n;
    for (size_t i = 0; i < n; i++) {
        out[i] = prefix.p[i];
    }
    while (n > 0 && (uint8_t)out[n - 1] == 0xff) {
        n--;
    }
    if (n == 0) {
        for (size_t i = 0; i <= TUPLE_STRING_MAX; i++) {
            out[i] = (char)0xff;
        }
        return (struct str){out, TUPLE_STRING_MAX + 1};
    }
    out[n - 1] = (char)((uint8_t)out[n - 1] + 1);
    return (struct str){out, n};
}

/* Keys from..to, to not included. */
static enum err string_range(struct req *rq, uint16_t sp, struct str from, struct str to,
                             enum list_order o, struct list **gives)
{
    struct list *l = NULL;
    TRY(list_new(rq, o == LIST_NEWEST ? C_LIST_STRING_DESC : C_LIST_STRING, LIST_OLDEST, 0, &l));
    struct part *p = &l->parts[0];
    TRY(read_take(rq, l->stmt, &p->st));
    l->n = 1;
    bind_i64(p->st, 1, sp);
    bind_blob(p->st, 2, from.p, from.n);
    bind_blob(p->st, 3, to.p, to.n);
    part_step(l, p);
    *gives = l;
    return OK;
}

enum err list_string(struct req *rq, uint16_t sp, struct str prefix, struct list **gives)
{
    char *end = arena_alloc_raw(rq->a, TUPLE_STRING_MAX + 1);
    prefix.n = MIN(prefix.n, (size_t)TUPLE_STRING_MAX);
    struct str from = arena_str(rq->a, prefix);
    TRY_MEM(rq, end);
    TRY_MEM(rq, from.p);
    return string_range(rq, sp, from, prefix_end(prefix, end), LIST_OLDEST, gives);
}

enum err list_string_from(struct req *rq, uint16_t sp, struct str key, enum list_order o,
                          struct list **gives)
{
    char *end = arena_alloc_raw(rq->a, TUPLE_STRING_MAX + 2);
    key.n = MIN(key.n, (size_t)TUPLE_STRING_MAX);
    struct str from = arena_str(rq->a, key);
    TRY_MEM(rq, end);
    TRY_MEM(rq, from.p);
    if (o == LIST_OLDEST || key.n == 0) {
        return string_range(rq, sp, from, prefix_end(S(""), end), o, gives);
    }
    for (size_t i = 0; i < key.n; i++) {
        end[i] = key.p[i];
    }
    end[key.n] = 0; /* the least key above */
    return string_range(rq, sp, S(""), (struct str){end, key.n + 1}, o, gives);
}

enum err list_quantity_order(struct req *rq, uint16_t sp, uint64_t unit, double from, double to,
                             enum list_order o, struct list **gives)
{
    struct list *l = NULL;
    TRY(list_new(rq, o == LIST_NEWEST ? C_LIST_QUANTITY_DESC : C_LIST_QUANTITY, LIST_OLDEST, 0,
                 &l));
    struct part *p = &l->parts[0];
    TRY(read_take(rq, l->stmt, &p->st));
    l->n = 1;
    bind_i64(p->st, 1, sp);
    bind_i64(p->st, 2, (int64_t)unit);
    sqlite3_bind_double(p->st, 3, from);
    sqlite3_bind_double(p->st, 4, to);
    part_step(l, p);
    *gives = l;
    return OK;
}

enum err list_quantity(struct req *rq, uint16_t sp, uint64_t unit, double from, double to,
                       struct list **gives)
{
    return list_quantity_order(rq, sp, unit, from, to, LIST_OLDEST, gives);
}

/* A list of one statement, not stepped yet. */
static enum err plain_new(struct req *rq, unsigned stmt, struct list **gives)
{
    struct list *l = NULL;
    TRY(list_new(rq, stmt, LIST_OLDEST, 0, &l));
    TRY(read_take(rq, stmt, &l->parts[0].st));
    l->n = 1;
    *gives = l;
    return OK;
}

enum err list_string_on(struct req *rq, uint16_t sp, struct str prefix, struct str key,
                        struct hit after, struct list **gives)
{
    char *end = arena_alloc_raw(rq->a, TUPLE_STRING_MAX + 1);
    prefix.n = MIN(prefix.n, (size_t)TUPLE_STRING_MAX);
    struct str from = arena_str(rq->a, str_sub(key, 0, TUPLE_STRING_MAX));
    struct list *l = NULL;
    TRY_MEM(rq, end);
    TRY_MEM(rq, from.p);
    TRY(plain_new(rq, C_LIST_STRING_ON, &l));
    struct str to = prefix_end(prefix, end);
    sqlite3_stmt *st = l->parts[0].st;
    bind_i64(st, 1, sp);
    bind_blob(st, 2, to.p, to.n);
    bind_blob(st, 3, from.p, from.n);
    bind_i64(st, 4, after.at);
    bind_i64(st, 5, after.rid);
    part_step(l, &l->parts[0]);
    *gives = l;
    return OK;
}

enum err list_quantity_on(struct req *rq, uint16_t sp, uint64_t unit, double to, double key,
                          struct hit after, struct list **gives)
{
    struct list *l = NULL;
    TRY(plain_new(rq, C_LIST_QUANTITY_ON, &l));
    sqlite3_stmt *st = l->parts[0].st;
    bind_i64(st, 1, sp);
    bind_i64(st, 2, (int64_t)unit);
    sqlite3_bind_double(st, 3, to);
    sqlite3_bind_double(st, 4, key);
    bind_i64(st, 5, after.at);
    bind_i64(st, 6, after.rid);
    part_step(l, &l->parts[0]);
    *gives = l;
    return OK;
}

enum err list_date_on(struct req *rq, uint16_t sp, int64_t lo_to, int64_t lo, int64_t hi,
                      int64_t rid, struct list **gives)
{
    const int64_t v[] = {sp, lo_to, lo, hi, rid};
    return date_list(rq, C_LIST_DATE_ON, LIST_OLDEST, v, LEN(v), gives);
}

/* "word" "begin"* : what FTS5 reads; words hold letters and digits only. */
static struct str match_text(struct req *rq, struct str words, bool narrative)
{
    struct str rest = words;
    struct str one;
    struct buf b;
    buf_init(&b, rq->a, 3 * words.n + 64);
    buf_str(&b, narrative ? S("{narrative} : (") : S("("));
    while (str_cut(&rest, ' ', &one)) {
        bool begins = str_ends(one, S("*"));
        one.n -= begins ? 1 : 0;
        ASSERT(str_find_char(one, '"') == one.n);
        buf_char(&b, '"');
        buf_str(&b, one);
        buf_str(&b, begins ? S("\"* ") : S("\" "));
    }
    buf_char(&b, ')');
    return buf_get(&b);
}

enum err list_words(struct req *rq, struct str words, bool narrative, struct list **gives)
{
    struct list *l = NULL;
    struct str match = match_text(rq, words, narrative);
    TRY_MEM(rq, match.p);
    TRY(list_new(rq, C_LIST_WORDS, LIST_OLDEST, 0, &l));
    struct part *p = &l->parts[0];
    TRY(read_take(rq, l->stmt, &p->st));
    l->n = 1;
    bind_text(p->st, 1, match);
    part_step(l, p);
    *gives = l;
    return OK;
}

enum err db_has_words(struct req *rq, struct str words, bool narrative, int64_t vid,
                      bool *ret_has)
{
    sqlite3_stmt *st;
    struct str match = match_text(rq, words, narrative);
    TRY_MEM(rq, match.p);
    TRY(read_take(rq, C_WORD_HAS, &st));
    bind_text(st, 1, match);
    bind_i64(st, 2, vid);
    enum err e = read_step(rq, st, ret_has);
    conn_give(rq->db->conn, C_WORD_HAS, st);
    return e;
}

static bool hit_before(const struct list *l, struct hit a, struct hit b)
{
    bool less = a.at < b.at || (a.at == b.at && a.rid < b.rid);
    bool same = a.at == b.at && a.rid == b.rid;
    return l->newest ? !less && !same : less;
}

bool list_next(struct list *l, struct hit *ret_hit)
{
    struct part *best = NULL;
    if (l->err != OK) {
        return false;
    }
    for (size_t i = 0; i < l->n; i++) {
        struct part *p = &l->parts[i];
        if (p->has && (best == NULL || hit_before(l, p->head, best->head))) {
            best = p;
        }
    }
    if (best == NULL) {
        return false;
    }
    struct hit hit = best->head;
    l->hi = best->hi;
    part_step(l, best);
    for (size_t i = 0; i < l->n && l->n > 1; i++) {
        struct part *p = &l->parts[i]; /* the same resource under another system */
        if (p->has && p->head.at == hit.at && p->head.rid == hit.rid) {
            part_step(l, p);
        }
    }
    *ret_hit = hit;
    return true;
}

void list_seek(struct list *l, struct hit from)
{
    enum { NEAR = 8 }; /* stepping this often is cheaper than a new descent */
    ASSERT(l->bound_at != 0);
    for (size_t i = 0; i < l->n; i++) {
        struct part *p = &l->parts[i];
        unsigned near = p->far > 0 ? 1 : NEAR; /* where the last jump went far, so will this one */
        for (unsigned k = 0; k < near && p->has && hit_before(l, p->head, from); k++) {
            part_step(l, p);
        }
        bool jump = p->has && hit_before(l, p->head, from);
        if (jump) {
            sqlite3_reset(p->st);
            bound_bind(l, p->st, from);
            part_step(l, p);
        }
        p->far = jump ? FAR_KEPT : p->far - (p->far > 0 ? 1 : 0);
    }
}

int64_t list_hi(const struct list *l)
{
    return l->hi;
}

enum err list_err(struct req *rq, const struct list *l)
{
    return l->err == OK ? OK : FAIL(rq, l->err, "a posting list could not be read");
}

void list_close(struct list **l)
{
    if (*l == NULL) {
        return;
    }
    for (size_t i = 0; i < (*l)->n; i++) {
        conn_give((*l)->db->conn, (*l)->stmt, (*l)->parts[i].st);
    }
    *l = NULL;
}
