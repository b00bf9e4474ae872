/* care/icd.c - ICD-10 lists in memory and their search. See icd.h. */
#include "care/icd.h"

#include <string.h>

#include "codec/csv.h"
#include "codec/utf8.h"
#include "os/file.h"

enum {
    CATEGORY_LEN = 3, /* "I21" */
    ENTRIES_MAX = 60000,
    FILE_MAX_BYTES = 32 << 20,
    ARENA_BYTES = 256 << 20,
    COLUMNS = 6, /* code, en, ru, kk, uz, words */
    CODE_MAX = 12,
    KEY_MAX = 4096,
    WORDS_MAX = 8,
};

/* An entry with its words as a search sees them: " ostryi infarkt miokarda ...". */
struct row {
    struct icd_entry e;
    struct str key;
};

struct icd {
    struct arena *a;
    struct row *rows; /* by code */
    uint32_t n;
};

/* One file being read. */
struct reading {
    struct req *rq;
    struct icd *icd;
    struct str file;
};

static bool is_code(struct str s)
{
    if (s.n < 3 || s.n > CODE_MAX || s.p[0] < 'A' || s.p[0] > 'Z') {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!digit && (i < 3 || (i == 3 && s.p[i] != '.'))) {
            return false;
        }
    }
    return true;
}

/* Place of the first row whose code is not below. */
static uint32_t lower(const struct icd *icd, struct str code)
{
    uint32_t lo = 0;
    uint32_t hi = icd->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (str_cmp(icd->rows[mid].e.code, code) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Built in the request's arena, kept in the list's. */
static struct str make_key(struct req *rq, struct arena *keep, const struct str *f)
{
    struct arena_mark m = arena_mark(rq->a);
    struct buf all;
    struct buf key;
    buf_init(&all, rq->a, KEY_MAX);
    for (size_t i = 1; i < COLUMNS; i++) {
        for (size_t k = 0; k < f[i].n && all.n < KEY_MAX - 2; k++) {
            char c = f[i].p[k];
            bool apart = c == ';' || c == ',' || c == '(' || c == ')' || c == '-' || c == '/';
            buf_char(&all, apart ? ' ' : c);
        }
        buf_char(&all, ' ');
    }
    buf_init(&key, rq->a, KEY_MAX * 4);
    buf_char(&key, ' ');
    utf8_fold(&key, buf_get(&all));
    struct str kept = arena_str(keep, buf_get(&key));
    arena_back(rq->a, m);
    return kept;
}

static enum err take_record(void *ctx, uint64_t line, const struct str *f, size_t n)
{
    struct reading *r = ctx;
    struct icd *icd = r->icd;
    if (line == 1) {
        return OK; /* names of the columns */
    }
    if (n != COLUMNS || !is_code(f[0]) || f[1].n + f[2].n + f[3].n + f[4].n == 0) {
        return FAIL(r->rq, E_BAD_INPUT, "%.*s: line %llu", STR_ARG(r->file),
                    (unsigned long long)line);
    }
    static const enum lang langs[] = {LANG_EN, LANG_RU, LANG_KK, LANG_UZ};
    struct row row = {.e.code = arena_str(icd->a, f[0]), .key = make_key(r->rq, icd->a, f)};
    for (size_t i = 0; i < LEN(langs); i++) {
        row.e.title.v[langs[i]] = arena_str(icd->a, f[i + 1]);
    }
    for (size_t i = 0; row.e.title.v[LANG_EN].n == 0 && i < LEN(langs); i++) {
        row.e.title.v[LANG_EN] = row.e.title.v[langs[i]];
    }
    uint32_t at = lower(icd, row.e.code);
    if (at < icd->n && str_eq(icd->rows[at].e.code, row.e.code)) {
        icd->rows[at] = row;
        return OK;
    }
    if (icd->n == ENTRIES_MAX || row.key.p == NULL || row.e.code.p == NULL) {
        return FAIL(r->rq, E_TOO_LARGE, "%.*s: too many codes", STR_ARG(r->file));
    }
    memmove(&icd->rows[at + 1], &icd->rows[at], (icd->n - at) * sizeof(icd->rows[0]));
    icd->rows[at] = row;
    icd->n++;
    return OK;
}

static enum err load_file(struct req *rq, struct icd *icd, struct str dir, const char *name)
{
    static const struct csv_options options = {
        .separator = ',', .max_fields = COLUMNS, .max_record = KEY_MAX};
    struct reading r = {rq, icd, str_z(name)};
    char path[OS_PATH_MAX];
    struct str bytes;
    struct csv *csv;
    TRY(os_path(rq, dir, str_z(name), path));
    if (!os_exists(path)) {
        return OK;
    }
    TRY(os_read_file(rq, path, FILE_MAX_BYTES, &bytes));
    TRY(csv_new(rq, &options, take_record, &r, &csv));
    TRY(csv_feed(csv, bytes));
    return csv_finish(csv);
}

enum err icd_load(struct req *rq, struct str content_dir, struct str data_dir,
                  struct icd **ret_icd)
{
    struct arena *a = arena_new(ARENA_BYTES);
    struct icd *icd = ARENA_NEW(a, struct icd);
    TRY_MEM(rq, icd);
    *icd = (struct icd){.a = a, .rows = arena_alloc_raw(a, ENTRIES_MAX * sizeof(struct row))};
    TRY_MEM(rq, icd->rows);
    enum err e = load_file(rq, icd, content_dir, "icd10/starter.csv");
    if (e == OK && data_dir.n > 0) {
        e = load_file(rq, icd, data_dir, "icd10.csv");
    }
    if (e != OK) {
        icd_free(icd);
        return e;
    }
    *ret_icd = icd;
    return OK;
}

void icd_free(struct icd *icd)
{
    if (icd != NULL) {
        arena_free(icd->a);
    }
}

const struct icd_entry *icd_find(const struct icd *icd, struct str code)
{
    uint32_t at = icd != NULL ? lower(icd, code) : 0;
    return icd != NULL && at < icd->n && str_eq(icd->rows[at].e.code, code) ? &icd->rows[at].e
                                                                            : NULL;
}

/* What is typed as a code, "i639" or "I63.9", as it stands in the list; empty when it is none. */
static struct str typed_code(struct req *rq, struct str query)
{
    struct buf b;
    buf_init(&b, rq->a, CODE_MAX + 2);
    for (size_t i = 0; i < query.n && query.n <= CODE_MAX; i++) {
        char c = query.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (i == 0 ? !letter : !((c >= '0' && c <= '9') || c == '.')) {
            return S("");
        }
        if (i == 3 && c != '.') {
            buf_char(&b, '.');
        }
        buf_char(&b, c >= 'a' ? (char)(c - 'a' + 'A') : c);
    }
    return buf_get(&b);
}

struct str icd_titled(struct req *rq, const struct icd *icd, struct str typed)
{
    struct str code = typed_code(rq, str_trim(typed));
    const struct icd_entry *e = icd_find(icd, code);
    struct buf b;
    if (e == NULL && code.n > CATEGORY_LEN) {
        e = icd_find(icd, str_sub(code, 0, CATEGORY_LEN));
    }
    if (e == NULL) {
        return typed;
    }
    struct str title = text4_get(&e->title, rq->lang);
    buf_init(&b, rq->a, code.n + title.n + 2);
    buf_str(&b, code);
    buf_char(&b, ' ');
    buf_str(&b, title);
    return buf_ok(&b) ? buf_get(&b) : typed;
}

static bool has_words(const struct row *r, const struct str *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_find(r->key, words[i]) == r->key.n) {
            return false;
        }
    }
    return n > 0;
}

/* The folded words of the query, each with a blank before it. */
static size_t split_words(struct req *rq, struct str query, struct str *ret_words)
{
    struct buf b;
    struct str rest;
    struct str word;
    size_t n = 0;
    buf_init(&b, rq->a, 1024);
    utf8_fold(&b, utf8_cut(query, 200));
    rest = buf_get(&b);
    while (n < WORDS_MAX && str_cut(&rest, ' ', &word)) {
        if (word.n > 0) {
            struct buf w;
            buf_init(&w, rq->a, word.n + 1);
            buf_char(&w, ' ');
            buf_str(&w, word);
            ret_words[n++] = buf_get(&w);
        }
    }
    return n;
}

/* Entries whose code begins with code, at most n. */
static uint32_t by_code(const struct icd *icd, struct str code, const struct icd_entry **ret_hits,
                        uint32_t n)
{
    uint32_t got = 0;
    for (uint32_t i = lower(icd, code); code.n > 0 && i < icd->n && got < n; i++) {
        if (!str_starts(icd->rows[i].e.code, code)) {
            break;
        }
        ret_hits[got++] = &icd->rows[i].e;
    }
    return got;
}

uint32_t icd_size(const struct icd *icd)
{
    return icd != NULL ? icd->n : 0;
}

const struct icd_entry *icd_at(const struct icd *icd, uint32_t i)
{
    ASSERT(i < icd_size(icd));
    return &icd->rows[i].e;
}

uint32_t icd_search(struct req *rq, const struct icd *icd, struct str query,
                    const struct icd_entry **ret_hits, uint32_t n)
{
    struct str words[WORDS_MAX];
    struct str code;
    uint32_t got = 0;
    query = str_trim(query);
    if (icd == NULL || query.n == 0) {
        return 0;
    }
    code = typed_code(rq, query);
    got = by_code(icd, code, ret_hits, n);
    if (got == 0 && code.n > CATEGORY_LEN) {
        got = by_code(icd, str_sub(code, 0, CATEGORY_LEN), ret_hits, n);
    }
    if (got > 0) {
        return got;
    }
    size_t n_words = split_words(rq, query, words);
    for (uint32_t i = 0; i < icd->n && got < n; i++) {
        if (has_words(&icd->rows[i], words, n_words)) {
            ret_hits[got++] = &icd->rows[i].e;
        }
    }
    return got;
}
