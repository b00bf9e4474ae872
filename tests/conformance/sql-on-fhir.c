/* tests/conformance/sql-on-fhir.c - the cases of SQL on FHIR v2: views over resources. The second argument
 * "experimental" runs the cases of that tag, else those are left out of the suite. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "codec/decimal.h"
#include "codec/json_edit.h"
#include "fhir/view.h"
#include "suite.h"

enum { MEMORY = 64 << 20, ROWS_MAX = 10000 };

static bool same_value(struct req *rq, struct jv a, struct jv b)
{
    struct json_edit edit;
    struct json_part *x;
    struct json_part *y;
    struct decimal p;
    struct decimal q;
    bool same = false;
    bool none_a = !json_has(a) || json_kind(a) == JSON_NULL;
    bool none_b = !json_has(b) || json_kind(b) == JSON_NULL;
    if (none_a || none_b) {
        return none_a && none_b;
    }
    if (json_kind(a) == JSON_NUMBER && json_kind(b) == JSON_NUMBER) {
        return decimal_parse(json_raw(a), &p) && decimal_parse(json_raw(b), &q) &&
               decimal_cmp(&p, &q) == 0;
    }
    json_edit_init(&edit, rq);
    return json_edit_build(&edit, a, &x, NULL) == OK && json_edit_build(&edit, b, &y, NULL) == OK &&
           json_edit_same(&edit, x, y, &same) == OK && same;
}

static bool same_row(struct req *rq, struct jv got, struct jv want)
{
    for (struct jv v = json_first(got); json_has(v); v = json_next(v)) {
        if (!same_value(rq, v, json_get(want, json_key(rq, v)))) {
            return false;
        }
    }
    for (struct jv v = json_first(want); json_has(v); v = json_next(v)) {
        if (!same_value(rq, json_get(got, json_key(rq, v)), v)) {
            return false;
        }
    }
    return true;
}

/* The same rows, in any order. */
static bool same_rows(struct req *rq, struct jv got, struct jv want)
{
    static bool taken[ROWS_MAX];
    uint32_t n = json_len(want);
    if (json_len(got) != n || n > ROWS_MAX) {
        return false;
    }
    memset(taken, 0, sizeof taken);
    for (struct jv g = json_first(got); json_has(g); g = json_next(g)) {
        uint32_t i = 0;
        struct jv w = json_first(want);
        while (json_has(w) && (taken[i] || !same_row(rq, g, w))) {
            w = json_next(w);
            i++;
        }
        if (!json_has(w)) {
            return false;
        }
        taken[i] = true;
    }
    return true;
}

static enum err rows_of(struct req *rq, struct jv view, struct jv resources, struct view **ret_view,
                        struct json_doc *ret_rows)
{
    struct buf b;
    struct view_run *run = NULL;
    TRY(view_compile(rq, fhir_defs(), view, ret_view));
    TRY(view_run_new(rq, *ret_view, &run));
    buf_init(&b, rq->a, 16 << 20);
    struct view_out out = {.view = *ret_view, .format = VIEW_JSON, .b = &b};
    enum err e = OK;
    view_out_begin(&out);
    for (struct jv r = json_first(resources); e == OK && json_has(r); r = json_next(r)) {
        e = view_run_one(run, r, view_out_row, &out);
    }
    view_out_end(&out);
    view_run_end(run);
    TRY(e);
    return json_parse(rq, buf_get(&b), NULL, ret_rows);
}

static bool are_columns(struct req *rq, const struct view *view, struct jv want)
{
    size_t n;
    const struct view_column *columns = view_columns(view, &n);
    size_t i = 0;
    for (struct jv v = json_first(want); json_has(v); v = json_next(v), i++) {
        if (i >= n || !str_eq(columns[i].name, json_str(rq->a, v))) {
            return false;
        }
    }
    return !json_has(want) || i == n;
}

static void one_case(struct req *rq, struct str file, struct jv suite, struct jv test)
{
    struct buf name;
    struct view *view = NULL;
    struct json_doc rows;
    int64_t count = -1;
    buf_init(&name, rq->a, 1000);
    buf_str(&name, str_sub(file, 0, str_find_char(file, '.')));
    BUF_LIT(&name, "/");
    buf_str(&name, suite_text(rq, test, S("title")));
    struct str title = buf_get(&name);
    struct jv want = json_get(test, S("expect"));
    enum err e = rows_of(rq, json_get(test, S("view")), json_get(suite, S("resources")), &view,
                         &rows);
    if (json_true(json_get(test, S("expectError")))) {
        if (e == OK) {
            suite_fail(title, "was run");
        } else {
            suite_ok(title);
        }
    } else if (e != OK) {
        suite_fail(title, "%s", rq->err.detail);
    } else if (json_has(want) && !same_rows(rq, json_root(&rows), want)) {
        suite_fail(title, "other rows: %.*s", (int)MIN(rows.src.n, (size_t)600), rows.src.p);
    } else if (json_i64(json_get(test, S("expectCount")), &count) &&
               json_len(json_root(&rows)) != (uint64_t)count) {
        suite_fail(title, "another number of rows");
    } else if (!are_columns(rq, view, json_get(test, S("expectColumns")))) {
        suite_fail(title, "other columns");
    } else {
        suite_ok(title);
    }
}

static bool is_experimental(struct jv test)
{
    for (struct jv t = json_first(json_get(test, S("tags"))); json_has(t); t = json_next(t)) {
        if (json_is(t, S("experimental"))) {
            return true;
        }
    }
    return false;
}

static bool one_file(const char *dir, const char *file, bool experimental)
{
    struct req rq;
    struct str text;
    struct json_doc doc;
    req_init(&rq, MEMORY, (struct instant){1790000000000});
    bool fine = suite_read(&rq, dir, file, &text) && json_parse(&rq, text, NULL, &doc) == OK;
    struct jv root = fine ? json_root(&doc) : (struct jv){0};
    struct jv tests = json_get(root, S("tests"));
    for (struct jv t = json_first(tests); json_has(t); t = json_next(t)) {
        if (is_experimental(t) != experimental) {
            continue;
        }
        struct req one;
        req_init(&one, MEMORY, (struct instant){1790000000000});
        one_case(&one, str_z(file), root, t);
        req_done(&one);
    }
    req_done(&rq);
    return fine;
}

int main(int argc, char **argv)
{
    char dir[1000];
    bool fine = true;
    if (argc < 2 || snprintf(dir, sizeof dir, "%s/sql-on-fhir", argv[1]) >= (int)sizeof dir) {
        fprintf(stderr, "usage: conformance_sql-on-fhir FOLDER [experimental]\n");
        return 2;
    }
    struct dirent **names;
    int n = scandir(dir, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct str name = str_z(names[i]->d_name);
        if (str_ends(name, S(".json")) && !str_eq(name, S("tests.schema.json"))) {
            fine = one_file(dir, names[i]->d_name, argc > 2) && fine;
        }
    }
    return n > 0 && fine ? 0 : 1;
}
