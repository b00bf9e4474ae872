/* app/config.c - settings from defaults, file, environment and flags. See config.h. */
#include "app/config.h"

#include <stddef.h>

enum setting_kind { SETTING_TEXT, SETTING_NUM, SETTING_FLAG };

struct setting {
    struct str key;
    enum setting_kind kind;
    size_t at; /* offset in struct config */
    const char *unit;
    struct str text; /* defaults */
    uint64_t num;
    uint64_t least;
    uint64_t most;
    const char *help;
};

static const struct setting settings[] = {
#define TEXT(k, def, most_, help_) \
    {SI(#k), SETTING_TEXT, offsetof(struct config, k), "", SI(def), 0, 0, most_, help_},
#define NUM(k, unit_, def, least_, most_, help_) \
    {SI(#k), SETTING_NUM, offsetof(struct config, k), unit_, {0}, def, least_, most_, help_},
#define FLAG(k, def, help_) \
    {SI(#k), SETTING_FLAG, offsetof(struct config, k), "", {0}, def, 0, 1, help_},
#include "app/config.def"
#undef TEXT
#undef NUM
#undef FLAG
};

/* Flags are written with - or _. */
static bool key_is(struct str key, struct str given)
{
    if (key.n != given.n) {
        return false;
    }
    for (size_t i = 0; i < key.n; i++) {
        char ch = given.p[i] == '-' ? '_' : given.p[i];
        ch = ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
        if (ch != key.p[i]) {
            return false;
        }
    }
    return true;
}

static const struct setting *find(struct str key)
{
    for (size_t i = 0; i < LEN(settings); i++) {
        if (key_is(settings[i].key, key)) {
            return &settings[i];
        }
    }
    return NULL;
}

bool config_has(struct str key, bool *ret_is_flag)
{
    const struct setting *s = find(key);
    if (s != NULL) {
        *ret_is_flag = s->kind == SETTING_FLAG;
    }
    return s != NULL;
}

static enum err set(struct req *rq, struct config *c, const struct setting *s, struct str value)
{
    char *at = (char *)c + s->at;
    union {
        char *raw;
        struct str *text;
        uint64_t *num;
        bool *flag;
    } p = {.raw = at};
    uint64_t v;
    switch (s->kind) {
    case SETTING_TEXT:
        if (value.n > s->most) {
            return FAIL(rq, E_BAD_INPUT, "setting %.*s: too long", STR_ARG(s->key));
        }
        *p.text = value;
        break;
    case SETTING_NUM:
        if (!str_u64(value, &v) || v < s->least || v > s->most) {
            return FAIL(rq, E_BAD_INPUT, "setting %.*s: a number from %llu to %llu",
                        STR_ARG(s->key), (unsigned long long)s->least,
                        (unsigned long long)s->most);
        }
        *p.num = v;
        break;
    case SETTING_FLAG:
        if (!str_eq(value, S("true")) && !str_eq(value, S("false"))) {
            return FAIL(rq, E_BAD_INPUT, "setting %.*s: true or false", STR_ARG(s->key));
        }
        *p.flag = str_eq(value, S("true"));
        break;
    }
    return OK;
}

static enum err read_file(struct req *rq, struct config *c, struct str text)
{
    struct str line;
    for (int n = 1; text.n > 0 && str_cut(&text, '\n', &line); n++) {
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        size_t eq = str_find_char(line, '=');
        const struct setting *s = find(str_trim(str_sub(line, 0, eq)));
        if (eq == line.n || s == NULL) {
            return FAIL(rq, E_BAD_INPUT, "configuration file, line %d: no such setting", n);
        }
        TRY(set(rq, c, s, str_trim(str_sub(line, eq + 1, line.n))));
    }
    return OK;
}

static enum err read_env(struct req *rq, struct config *c, char **env)
{
    for (; env != NULL && *env != NULL; env++) {
        struct str line = str_z(*env);
        struct str prefix = S("CONSILIUM_");
        if (!str_starts(line, prefix)) {
            continue;
        }
        size_t eq = str_find_char(line, '=');
        const struct setting *s = find(str_sub(line, prefix.n, eq - prefix.n));
        if (s == NULL) {
            return FAIL(rq, E_BAD_INPUT, "environment: no setting for %.*s", (int)eq, line.p);
        }
        TRY(set(rq, c, s, str_sub(line, eq + 1, line.n)));
    }
    return OK;
}

enum err config_read(struct req *rq, const struct config_source *from, struct config *ret_config)
{
    struct config c = {
#define TEXT(key, def, most, help) .key = SI(def),
#define NUM(key, unit, def, least, most, help) .key = def,
#define FLAG(key, def, help) .key = def,
#include "app/config.def"
#undef TEXT
#undef NUM
#undef FLAG
    };
    TRY(read_file(rq, &c, from->file));
    TRY(read_env(rq, &c, from->env));
    for (size_t i = 0; i < from->n_flags; i++) {
        const struct setting *s = find(str_z(from->flags[i * 2]));
        if (s == NULL) {
            return FAIL(rq, E_BAD_INPUT, "no setting %s", from->flags[i * 2]);
        }
        TRY(set(rq, &c, s, str_z(from->flags[i * 2 + 1])));
    }
    *ret_config = c;
    return OK;
}

static void write_value(const struct config *c, const struct setting *s, struct buf *b)
{
    union {
        const char *raw;
        const struct str *text;
        const uint64_t *num;
        const bool *flag;
    } p = {.raw = (const char *)c + s->at};
    switch (s->kind) {
    case SETTING_TEXT: buf_str(b, *p.text); break;
    case SETTING_NUM: buf_u64(b, *p.num); break;
    case SETTING_FLAG: buf_str(b, *p.flag ? S("true") : S("false")); break;
    }
}

void config_write(const struct config *c, struct buf *b)
{
    for (size_t i = 0; i < LEN(settings); i++) {
        const struct setting *s = &settings[i];
        BUF_LIT(b, "# ");
        buf_str(b, str_z(s->help));
        if (s->kind == SETTING_NUM) {
            BUF_LIT(b, " (");
            if (s->unit[0] != 0) {
                buf_str(b, str_z(s->unit));
                BUF_LIT(b, ", ");
            }
            buf_u64(b, s->least);
            BUF_LIT(b, " to ");
            buf_u64(b, s->most);
            BUF_LIT(b, ")");
        }
        BUF_LIT(b, "\n");
        buf_str(b, s->key);
        BUF_LIT(b, " = ");
        write_value(c, s, b);
        BUF_LIT(b, "\n\n");
    }
}
