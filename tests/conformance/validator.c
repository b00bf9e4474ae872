/* tests/conformance/validator.c - resources with the recorded outcome of the reference validator:
 * validator DATA presence|place. presence: errors are found exactly where they were recorded; place:
 * each recorded error's path is named by an error of ours. */
#include <stdio.h>
#include <string.h>

#include "fhir/library.h"
#include "fhir/syntax.h"
#include "fhir/validate.h"
#include "suite.h"

static const char *data;
static bool by_place;
static const struct fhir_rules *rules;

static bool load(struct req *rq, struct str name, struct json_doc *doc)
{
    struct buf b;
    struct str text;
    buf_init(&b, rq->a, 1000);
    BUF_LIT(&b, "validator/files/");
    buf_str(&b, name);
    buf_char(&b, 0);
    if (!buf_ok(&b) || !suite_has(data, b.p) || !suite_read(rq, data, b.p, &text)) {
        return false;
    }
    if (str_starts(text, S("\xef\xbb\xbf"))) {
        text = str_sub(text, 3, text.n);
    }
    bool ok = json_parse(rq, text, NULL, doc) == OK;
    if (!ok) {
        fhir_issue_add(rq, ISSUE_ERROR, "structure", "not JSON", S(""),
                       fhir_syntax_path(rq, text, str_z(rq->err.detail)));
        err_clear(rq);
    }
    return ok;
}

static void support(struct req *rq, struct fhir_library *lib, struct jv list)
{
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        if (load(rq, json_str(rq->a, v), doc)) {
            ASSERT(fhir_library_add(rq, lib, json_root(doc)) == OK);
        }
    }
}

/* A path without ".ofType(T)" and "[0]". */
static struct str plain(struct req *rq, struct str path)
{
    struct buf b;
    buf_init(&b, rq->a, path.n + 1);
    for (size_t i = 0; i < path.n; i++) {
        struct str rest = str_sub(path, i, path.n);
        if (str_starts(rest, S(".ofType("))) {
            i += str_find_char(rest, ')');
        } else if (str_starts(rest, S("[0]"))) {
            i += 2;
        } else {
            buf_char(&b, path.p[i]);
        }
    }
    return buf_get(&b);
}

static bool is_named(struct req *rq, struct str path)
{
    const struct fhir_issues *all = rq->issues;
    for (uint32_t i = 0; all != NULL && i < all->n; i++) {
        if (all->items[i].severity == ISSUE_ERROR &&
            str_eq(plain(rq, all->items[i].expression), plain(rq, path))) {
            return true;
        }
    }
    return false;
}

static bool is_error(struct jv issue)
{
    struct jv s = json_get(issue, S("severity"));
    return json_is(s, S("error")) || json_is(s, S("fatal"));
}

static struct str first_found(const struct req *rq, char *out, size_t size)
{
    const struct fhir_issues *all = rq->issues;
    int n = 0;
    if (all != NULL && all->n > 0) {
        n = snprintf(out, size, "%.*s: %s %.*s", (int)MIN(all->items[0].expression.n, 200),
                     all->items[0].expression.p, all->items[0].text,
                     (int)MIN(all->items[0].subject.n, 150), all->items[0].subject.p);
    }
    return (struct str){out, n > 0 ? MIN((size_t)n, size - 1) : 0};
}

static void compare(struct req *rq, struct str name, struct jv expected, bool found)
{
    char told[600];
    int64_t errors;
    if (!json_i64(json_get(expected, S("errors")), &errors)) {
        suite_left(name, "no number of errors is recorded");
        return;
    }
    if (!by_place) {
        if (found == (errors > 0)) {
            suite_ok(name);
        } else {
            suite_fail(name, "%s: %.*s", found ? "found errors" : "found none",
                       STR_ARG(first_found(rq, told, sizeof(told))));
        }
        return;
    }
    struct jv list = json_get(expected, S("issues"));
    unsigned n = 0;
    for (struct jv i = json_first(list); json_has(i); i = json_next(i)) {
        struct str path = json_str(rq->a, json_at(json_get(i, S("expression")), 0));
        if (!is_error(i) || path.n == 0) {
            continue;
        }
        n++;
        if (!is_named(rq, path)) {
            suite_fail(name, "not at %.*s, but %.*s", STR_ARG(path),
                       STR_ARG(first_found(rq, told, sizeof(told))));
            return;
        }
    }
    if (n == 0) {
        suite_left(name, "no place is recorded");
    } else {
        suite_ok(name);
    }
}

static bool has_errors(struct req *rq, struct str file, const struct fhir_check *check)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    if (!load(rq, file, doc)) {
        return true;
    }
    struct jv root = json_root(doc);
    enum fhir_type type = fhir_type_find(suite_text(rq, root, S("resourceType")));
    if (fhir_validate_as(rq, root, type, check) != OK) {
        err_clear(rq);
        return true;
    }
    return false;
}

static const char *reason_to_leave(struct jv row)
{
    struct jv options = json_get(row, S("options"));
    if (json_true(json_get(row, S("terminology")))) {
        return "needs SNOMED CT, LOINC or a terminology server";
    }
    if (json_true(json_get(options, S("allow-comments")))) {
        return "comments are no JSON";
    }
    struct jv examples = json_get(options, S("examples"));
    struct jv expected = json_get(row, S("expected"));
    int64_t errors = 0;
    bool asked = json_kind(examples) == JSON_FALSE ||
                 json_true(json_get(options, S("security-checks"))) ||
                 json_true(json_get(options, S("noHtmlInMarkdown")));
    bool wanted = asked && json_i64(json_get(expected, S("errors")), &errors) && errors > 0 &&
                  json_len(json_get(expected, S("issues"))) == 1;
    return wanted ? "an option of the reference validator: house rules, not R4" : NULL;
}

static void one(struct req *rq, struct jv row)
{
    struct jv profile = json_get(row, S("profile"));
    struct str name = suite_text(rq, row, S("name"));
    struct str file = suite_text(rq, row, S("file"));
    struct fhir_library *lib = fhir_library_new(rq->a);
    struct fhir_check check = {.lib = lib, .rules = rules, .flags = FHIR_STRICT};
    struct buf second;
    buf_init(&second, rq->a, 500);
    buf_str(&second, name);
    BUF_LIT(&second, " by profile");
    const char *leave = reason_to_leave(row);
    if (leave != NULL) {
        suite_left(name, leave);
        return;
    }
    support(rq, lib, json_get(row, S("supporting")));
    if (json_has(json_get(row, S("expected")))) {
        compare(rq, name, json_get(row, S("expected")), has_errors(rq, file, &check));
        fhir_issues_clear(rq);
    }
    if (json_has(profile)) {
        struct json_doc doc;
        struct str source = suite_text(rq, profile, S("source"));
        support(rq, lib, json_get(profile, S("supporting")));
        check.profile = source;
        if (load(rq, source, &doc)) {
            ASSERT(fhir_library_add(rq, lib, json_root(&doc)) == OK);
            check.profile = suite_text(rq, json_root(&doc), S("url"));
        }
        compare(rq, buf_get(&second), json_get(profile, S("expected")),
                has_errors(rq, file, &check));
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    data = argv[1];
    by_place = strcmp(argv[2], "place") == 0;
    struct req rq;
    req_init(&rq, (size_t)64 << 20, (struct instant){0});
    int status = fhir_rules_new(&rq, NULL, &rules) == OK
                     ? suite_array(data, "validator/expected.json", one)
                     : 1;
    req_done(&rq);
    return status;
}
