/* codec/ucum_test.c - units of measure: tables of cases. */
#include "codec/decimal_testing.h"
#include "codec/ucum.h"

static struct ucum_unit unit(const char *z)
{
    struct ucum_unit u = {0};
    if (!ucum_parse(str_z(z), &u)) {
        fail_msg("no unit: %s", z);
    }
    return u;
}

static const char *text(const struct decimal *d)
{
    struct buf b;
    buf_init(&b, a, 1000);
    decimal_write(&b, d);
    buf_char(&b, '\0');
    return buf_get(&b).p;
}

static void what_is_a_unit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "m",
        "1",
        "10*3/uL",
        "10^9/L",
        "{RBC}",
        "/{HPF}",
        "mg{creat}/dL",
        "m[H2O]",
        "mm[Hg]",
        "dB[10.nV]",
        "kg/(s.m2)",
        "((m))",
        "10*+3/ul",
        "m-2",
        "Cel",
        "[degF]",
        "1/[ly]",
        "Gibit",
        "dag",
        "m[iU]/mL",
        "%",
        "[m/s2/Hz^(1/2)]",
        "m0",
    };
    static const char *const bad[] = {
        "",
        " ",
        "m ",
        " m",
        "m/",
        "m.",
        ".m",
        "//m",
        "m//s",
        "(m",
        "m)",
        "()",
        "m2s",
        "kkg",
        "kmin",
        "12h",
        "M'U",
        "m{",
        "m}",
        "{a}m",
        "m{a}{b}",
        "m{a",
        "rad2{\xe9\x8c\xa0}",
        "[iIU]",
        "[iU]999.[iU]", /* a power beyond what is read back */
        "[iU]-991/[iU]991",
        "cm[H20]",
        "m+",
        "m-",
        "2+3",
        "m1000",
        "m[H2O",
        "(m)2",
        "0",
        "((((((((((m))))))))))",
        "10*999",
        "m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m"
        ".m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m.m",
    };
    for (size_t i = 0; i < LEN(good); i++) {
        if (!ucum_validate(str_z(good[i]))) {
            fail_msg("refused: %s", good[i]);
        }
    }
    for (size_t i = 0; i < LEN(bad); i++) {
        if (ucum_validate(str_z(bad[i]))) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void conversion(void **state)
{
    (void)state;
    static const struct {
        const char *v;
        const char *from;
        const char *to;
        const char *want; /* NULL: not comparable */
    } rows[] = {
        {"1000",         "mg",       "g",        "1.000"                                },
        {"120",          "mm[Hg]",   "kPa",      "15.998640000"                         },
        {"5.5",          "mmol/L",   "mmol/l",   "5.5"                                  },
        {"1",            "h",        "min",      "60"                                   },
        {"1",            "min",      "h",        "0.01666666666666666666666666666666667"},
        {"98.6",         "[degF]",   "Cel",      "37.00"                                },
        {"37",           "Cel",      "[degF]",   "98.60"                                },
        {"37",           "Cel",      "K",        "310.15"                               },
        {"310.15",       "K",        "Cel",      "37.00"                                },
        {"36600",        "mCel",     "K",        "309.750"                              },
        {"1",            "K/m",      "Cel/m",    "1"                                    },
        {"9",            "K/m",      "[degF]/m", "16.2"                                 },
        {"7",            "[pH]",     "mol/l",    "0.0000001"                            },
        {"0.001",        "mol/l",    "[pH]",     "3"                                    },
        {"20",           "dB[W]",    "W",        "100"                                  },
        {"100",          "W",        "dB[W]",    "20.00"                                },
        {"3",            "bit_s",    "1",        "8"                                    },
        {"100",          "[p'diop]", "deg",      "45"                                   },
        {"1",            "kat",      "mol/s",    "1"                                    },
        {"1",            "kg",       "m",        NULL                                   },
        {"1",            "[iU]",     "g",        NULL                                   },
        {"1",            "[iU]",     "1",        NULL                                   },
        {"2",            "k[iU]/L",  "[IU]/mL",  "2"                                    },
        {"1",            "[iU]2",    "[iU]",     NULL                                   },
        {"6.0221367e23", "1",        "mol",      "1"                                    },
        {"1",            "[lb_av]",  "g",        "453.59237"                            },
        {"50",           "%",        "1",        "0.5"                                  },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ucum_unit from = unit(rows[i].from);
        struct ucum_unit to = unit(rows[i].to);
        struct decimal v = dec(rows[i].v);
        struct decimal r;
        bool given = ucum_convert(&v, &from, &to, &r);
        assert_int_equal(given, ucum_comparable(&from, &to));
        struct decimal want = dec(rows[i].want == NULL ? "0" : rows[i].want);
        assert_int_equal(given, rows[i].want != NULL);
        if (given && decimal_cmp(&r, &want) != 0) {
            fail_msg("%s %s in %s is %s", rows[i].v, rows[i].from, rows[i].to, text(&r));
        }
    }
}

static void one_scale_in_an_index(void **state)
{
    (void)state;
    static const struct {
        const char *v;
        const char *u;
        const char *want;
        const char *unit;
    } rows[] = {
        {"1",    "g",         "1",       "g"        },
        {"1000", "mg",        "1",       "g"        },
        {"1",    "kPa",       "1000000", "m-1.s-2.g"},
        {"37",   "Cel",       "310.15",  "K"        },
        {"7.4",  "[pH]",      "7.4",     "[pH]"     },
        {"30",   "dB",        "3",       "B"        },
        {"5",    "/[HPF]",    "5",       "1"        },
        {"2",    "k[IU]/L",   "2000000", "m-3.[iU]" },
        {"50",   "%",         "0.5",     "1"        },
        {"3",    "{tablets}", "3",       "1"        },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ucum_unit u = unit(rows[i].u);
        struct decimal v = dec(rows[i].v);
        struct decimal want = dec(rows[i].want);
        assert_true(ucum_canonical(&v, &u, &v));
        assert_int_equal(decimal_cmp(&v, &want), 0);
        struct buf b;
        buf_init(&b, a, 1000);
        ucum_canonical_unit(&b, &u);
        buf_char(&b, '\0');
        assert_string_equal(buf_get(&b).p, rows[i].unit);
    }
}

static void products(void **state)
{
    (void)state;
    static const struct {
        bool divide;
        const char *v1;
        const char *u1;
        const char *v2;
        const char *u2;
        const char *want;
        const char *unit; /* NULL: no product */
    } rows[] = {
        {false, "1.5",   "g",   "2", "m",    "3.0",   "g.m"     },
        {false, "2",     "m",   "3", "m",    "6",     "m2"      },
        {false, "2",     "kg",  "3", "1",    "6",     "kg"      },
        {false, "2",     "1",   "3", "kg",   "6",     "kg"      },
        {false, "2",     "g/L", "3", "L",    "6",     "g/L.L"   },
        {false, "2",     "m",   "3", "/s",   "6",     "m/s"     },
        {false, "2",     "kg",  "3", "g-1",  "6000",  "1"       },
        {true,  "10",    "kg",  "5", "m",    "2",     "kg/m"    },
        {true,  "20",    "1",   "5", "kg",   "4",     "1/kg"    },
        {true,  "99.27", "g",   "3", "g",    "33.09", "1"       },
        {true,  "2000",  "g",   "1", "kg",   "2",     "1"       },
        {true,  "1",     "m",   "4", "kg/s", "0.25",  "m/(kg/s)"},
        {true,  "1",     "m",   "4", "/s",   "0.25",  "m/(1/s)" },
        {true,  "1",     "m",   "0", "s",    "",      NULL      },
        {true,  "1",     "B",   "2", "1",    "",      NULL      },
        {false, "1",     "Cel", "2", "1",    "",      NULL      },
        {false, "1",     "x",   "2", "1",    "",      NULL      },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal v1 = dec(rows[i].v1);
        struct decimal v2 = dec(rows[i].v2);
        struct decimal v;
        struct buf b;
        buf_init(&b, a, 1000);
        bool given = (rows[i].divide ? ucum_divide : ucum_multiply)(&v1, str_z(rows[i].u1), &v2,
                                                                    str_z(rows[i].u2), &v, &b);
        assert_int_equal(given, rows[i].unit != NULL);
        if (given) {
            struct decimal want = dec(rows[i].want);
            assert_int_equal(decimal_cmp(&v, &want), 0);
            assert_true(ucum_validate(buf_get(&b)));
            buf_char(&b, '\0');
            assert_string_equal(buf_get(&b).p, rows[i].unit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_unit),        cmocka_unit_test(conversion),
        cmocka_unit_test(one_scale_in_an_index), cmocka_unit_test(products),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
