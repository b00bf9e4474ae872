/* tests/conformance/ucum.c - the UCUM functional tests. */
#include "codec/ucum.h"

#include <stdio.h>

#include "suite.h"

static struct str case_name(struct req *rq, struct jv row)
{
    struct buf b;
    buf_init(&b, rq->a, 1000);
    buf_str(&b, suite_text(rq, row, S("kind")));
    buf_char(&b, ' ');
    buf_str(&b, suite_text(rq, row, S("id")));
    return buf_get(&b);
}

static struct decimal number(struct req *rq, struct jv row, struct str key)
{
    struct decimal d = {0};
    if (!decimal_parse(suite_text(rq, row, key), &d)) {
        d.coef = 0;
    }
    return d;
}

/* got, rounded to the digits of want, is want. */
static bool agrees(const struct decimal *got, const struct decimal *want)
{
    struct decimal r = decimal_round_to(got, want->scale);
    return decimal_cmp(&r, want) == 0;
}

static void convert(struct req *rq, struct str name, struct jv row)
{
    struct ucum_unit from;
    struct ucum_unit to;
    struct decimal v = number(rq, row, S("value"));
    struct decimal want = number(rq, row, S("outcome"));
    if (!ucum_parse(suite_text(rq, row, S("srcUnit")), &from) ||
        !ucum_parse(suite_text(rq, row, S("dstUnit")), &to)) {
        suite_fail(name, "a unit was refused");
    } else if (!ucum_convert(&v, &from, &to, &v)) {
        suite_fail(name, "no value");
    } else if (!agrees(&v, &want)) {
        suite_fail(name, "another value");
    } else {
        suite_ok(name);
    }
}

/* Both texts are units of one size; the empty text stands for the number one. */
static bool same_unit(struct str a, struct str b)
{
    const struct decimal one = {.coef = 1};
    struct ucum_unit x;
    struct ucum_unit y;
    struct decimal factor;
    return ucum_parse(a.n == 0 ? S("1") : a, &x) && ucum_parse(b.n == 0 ? S("1") : b, &y) &&
           ucum_convert(&one, &x, &y, &factor) && decimal_cmp(&factor, &one) == 0;
}

static void product(struct req *rq, struct str name, struct jv row, bool divide)
{
    struct decimal v1 = number(rq, row, S("v1"));
    struct decimal v2 = number(rq, row, S("v2"));
    struct decimal want = number(rq, row, S("vRes"));
    struct decimal got;
    struct buf unit;
    buf_init(&unit, rq->a, 1000);
    if (!(divide ? ucum_divide : ucum_multiply)(&v1, suite_text(rq, row, S("u1")), &v2,
                                                suite_text(rq, row, S("u2")), &got, &unit)) {
        suite_fail(name, "no value");
    } else if (!agrees(&got, &want)) {
        suite_fail(name, "another value");
    } else if (!same_unit(buf_get(&unit), suite_text(rq, row, S("uRes")))) {
        suite_fail(name, "another unit");
    } else {
        suite_ok(name);
    }
}

static void one_case(struct req *rq, struct jv row)
{
    struct str name = case_name(rq, row);
    struct str kind = suite_text(rq, row, S("kind"));
    if (str_eq(kind, S("validation"))) {
        bool valid = ucum_validate(suite_text(rq, row, S("unit")));
        if (valid == json_true(json_get(row, S("valid")))) {
            suite_ok(name);
        } else {
            suite_fail(name, valid ? "taken" : "refused");
        }
    } else if (str_eq(kind, S("conversion"))) {
        convert(rq, name, row);
    } else if (str_eq(kind, S("multiplication"))) {
        product(rq, name, row, false);
    } else if (str_eq(kind, S("division"))) {
        product(rq, name, row, true);
    } else {
        suite_left(name, "display names of units are optional for a server");
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: conformance_ucum FOLDER\n");
        return 2;
    }
    return suite_lines(argv[1], "ucum/functional-tests.jsonl", one_case);
}
