/* app/config.c - settings from defaults, file, environment and flags. See config.h. */
#include "app/config.h"

#include <stddef.h>

#include "os/secret.h"

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
    bool is_secret;
};

static const struct setting settings[] = {
#define TEXT(k, def, most_, help_) \
    {SI(#k), SETTING_TEXT, offsetof(struct config, k), "", SI(def), 0, 0, most_, help_, false},
#define SECRET(k, most_, help_) \
    {SI(#k), SETTING_TEXT, offsetof(struct config, k), "", SI(""), 0, 0, most_, help_, true},
#define NUM(k, unit_, def, least_, most_, help_) \
    {SI(#k), SETTING_NUM, offsetof(struct config, k), unit_, {0}, def, least_, most_, help_, false},
#define FLAG(k, def, help_) \
    {SI(#k), SETTING_FLAG, offsetof(struct config, k), "", {0}, def, 0, 1, help_, false},
#include "app/config.def"
#undef TEXT
#undef SECRET
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

static enum err set_value(struct req *rq, struct config *c, const struct setting *s, struct str value)
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

/* Reading of one run: with issues NULL the first fault ends it. */
struct reader {
    struct req *rq;
    struct config *c;
    struct config_issues *issues;
};

static void add(struct config_issues *is, struct config_issue issue)
{
    is->wrong += issue.weight == CONFIG_WRONG;
    is->advice += issue.weight == CONFIG_ADVICE;
    if (is->n < CONFIG_ISSUES_MAX) {
        is->v[is->n++] = issue;
    }
}

void config_issue_add(struct config_issues *issues, const struct config *c, enum config_weight weight,
                      struct str key, struct str words)
{
    const struct setting *s = find(key);
    struct config_at at = s != NULL ? c->at[s - settings] : (struct config_at){CONFIG_DEFAULT, 0};
    add(issues, (struct config_issue){weight, at, key, words});
}

/* A failure that was just made: it ends the reading, or becomes an issue. */
static enum err fault(struct reader *r, enum err e, struct config_at at, struct str key)
{
    if (e == OK || r->issues == NULL) {
        return e;
    }
    struct str words = arena_str(r->rq->a, str_z(r->rq->err.detail));
    err_clear(r->rq);
    TRY_MEM(r->rq, words.p);
    add(r->issues, (struct config_issue){CONFIG_WRONG, at, key, words});
    return OK;
}

static enum err take(struct reader *r, const struct setting *s, struct str value, struct config_at at)
{
    struct config_at *had = &r->c->at[s - settings];
    if (r->issues != NULL && at.origin == CONFIG_FILE && had->origin == CONFIG_FILE) {
        TRY(fault(r, FAIL(r->rq, E_BAD_INPUT, "stands in line %u already: the later one "
                                            "would win; remove one", (unsigned)had->line),
                  at, s->key));
    }
    enum err e = set_value(r->rq, r->c, s, value);
    if (e == OK) {
        *had = at;
    }
    return fault(r, e, at, s->key);
}

/* How many letters differ, at most far. */
static size_t distance(struct str a, struct str b, size_t far)
{
    enum { LONGEST = 32 };
    size_t row[LONGEST + 1];
    if (a.n > LONGEST || b.n > LONGEST) {
        return far;
    }
    for (size_t j = 0; j <= b.n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.n; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.n; j++) {
            size_t changed = corner + (a.p[i] != b.p[j]);
            corner = row[j + 1];
            row[j + 1] = MIN(changed, MIN(row[j], corner) + 1);
        }
    }
    return MIN(row[b.n], far);
}

/* The setting that was meant; NULL when none is near. */
static const struct setting *nearest(struct str key)
{
    enum { NEAR = 3 };
    const struct setting *best = NULL;
    size_t least = NEAR;
    for (size_t i = 0; i < LEN(settings); i++) {
        size_t d = distance(key, settings[i].key, NEAR);
        if (d < least) {
            least = d;
            best = &settings[i];
        }
    }
    return best;
}

static enum err unknown(struct reader *r, struct str key, struct config_at at)
{
    const struct setting *near = nearest(key);
    enum err e = FAIL(r->rq, E_BAD_INPUT, "no such setting%s%s%s",
                      near != NULL ? "; is it " : "; `consilium config` lists all",
                      near != NULL ? near->key.p : "", near != NULL ? "?" : "");
    return fault(r, e, at, key);
}

static enum err read_file(struct reader *r, struct str text)
{
    struct str line;
    for (uint32_t n = 1; text.n > 0 && str_cut(&text, '\n', &line); n++) {
        struct config_at at = {CONFIG_FILE, n};
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        size_t eq = str_find_char(line, '=');
        struct str key = str_trim(str_sub(line, 0, eq));
        const struct setting *s = find(key);
        if (r->issues == NULL && (eq == line.n || s == NULL)) {
            return FAIL(r->rq, E_BAD_INPUT, "configuration file, line %u: no such setting", (unsigned)n);
        }
        if (eq == line.n) {
            TRY(fault(r, FAIL(r->rq, E_BAD_INPUT, "not a setting: a line is key = value, or a "
                                                  "comment with #"), at, S("")));
        } else if (s == NULL) {
            TRY(unknown(r, key, at));
        } else {
            TRY(take(r, s, str_trim(str_sub(line, eq + 1, line.n)), at));
        }
    }
    return OK;
}

static enum err read_env(struct reader *r, char **env)
{
    const struct config_at at = {CONFIG_ENVIRONMENT, 0};
    for (; env != NULL && *env != NULL; env++) {
        struct str line = str_z(*env);
        struct str prefix = S("CONSILIUM_");
        if (!str_starts(line, prefix)) {
            continue;
        }
        size_t eq = str_find_char(line, '=');
        const struct setting *s = find(str_sub(line, prefix.n, eq - prefix.n));
        if (s == NULL) {
            TRY(fault(r, FAIL(r->rq, E_BAD_INPUT, "environment: no setting for %.*s", (int)eq, line.p), at,
                      str_sub(line, 0, eq)));
        } else {
            TRY(take(r, s, str_sub(line, eq + 1, line.n), at));
        }
    }
    return OK;
}

static enum err read_flags(struct reader *r, const struct config_source *from)
{
    const struct config_at at = {CONFIG_FLAG, 0};
    for (size_t i = 0; i < from->n_flags; i++) {
        const struct setting *s = find(str_z(from->flags[i * 2]));
        if (s == NULL) {
            TRY(fault(r, FAIL(r->rq, E_BAD_INPUT, "no setting %s", from->flags[i * 2]), at,
                      str_z(from->flags[i * 2])));
        } else {
            TRY(take(r, s, str_z(from->flags[i * 2 + 1]), at));
        }
    }
    return OK;
}

static enum err read_all(struct req *rq, const struct config_source *from, struct config_issues *issues,
                         struct config *ret_config)
{
    struct config c = {
#define TEXT(key, def, most, help) .key = SI(def),
#define SECRET(key, most, help) .key = SI(""),
#define NUM(key, unit, def, least, most, help) .key = def,
#define FLAG(key, def, help) .key = def,
#include "app/config.def"
#undef TEXT
#undef SECRET
#undef NUM
#undef FLAG
        .file = from->path,
    };
    struct reader r = {rq, &c, issues};
    TRY(read_file(&r, from->file));
    TRY(read_env(&r, from->env));
    TRY(read_flags(&r, from));
#define TEXT(key, def, most, help)
#define SECRET(key, most, help) (void)os_lock_secret(c.key);
#define NUM(key, unit, def, least, most, help)
#define FLAG(key, def, help)
#include "app/config.def"
#undef TEXT
#undef SECRET
#undef NUM
#undef FLAG
    *ret_config = c;
    return OK;
}

enum err config_read(struct req *rq, const struct config_source *from, struct config *ret_config)
{
    return read_all(rq, from, NULL, ret_config);
}

enum err config_read_all(struct req *rq, const struct config_source *from, struct config_issues *issues,
                         struct config *ret_config)
{
    return read_all(rq, from, issues, ret_config);
}

/* "smtp://name:password@host" */
static bool holds_password(struct str value)
{
    size_t at = str_find(value, S("://"));
    struct str host = str_sub(value, at + 3, value.n);
    host = str_sub(host, 0, str_find_char(host, '/'));
    return at < value.n && str_find_char(host, '@') < host.n;
}

static struct str flag_text(bool on)
{
    return on ? S("true") : S("false");
}

static enum err num_text(struct req *rq, uint64_t n, struct str *ret_text)
{
    struct buf b;
    buf_init(&b, rq->a, 24);
    buf_u64(&b, n);
    TRY_MEM(rq, buf_ok(&b) ? b.p : NULL);
    *ret_text = buf_get(&b);
    return OK;
}

enum err config_row(struct req *rq, const struct config *c, size_t i, struct config_row *ret_row)
{
    const struct setting *s = &settings[i];
    struct config_row row = {.key = s->key,
                             .unit = s->unit,
                             .help = s->help,
                             .least = s->least,
                             .most = s->most,
                             .at = c->at[i],
                             .is_num = s->kind == SETTING_NUM,
                             .is_set = true,
                             .is_secret = s->is_secret};
    union {
        const char *raw;
        const struct str *text;
        const uint64_t *num;
        const bool *flag;
    } p = {.raw = (const char *)c + s->at};
    switch (s->kind) {
    case SETTING_TEXT:
        row.is_set = p.text->n > 0;
        row.is_hidden = row.is_set && (s->is_secret || holds_password(*p.text));
        row.value = row.is_hidden ? S("") : *p.text;
        row.def = s->text;
        break;
    case SETTING_NUM:
        TRY(num_text(rq, *p.num, &row.value));
        TRY(num_text(rq, s->num, &row.def));
        break;
    case SETTING_FLAG:
        row.value = flag_text(*p.flag);
        row.def = flag_text(s->num != 0);
        break;
    }
    *ret_row = row;
    return OK;
}

void config_write(struct req *rq, const struct config *c, struct buf *b)
{
    for (size_t i = 0; i < LEN(settings); i++) {
        struct config_row r;
        if (config_row(rq, c, i, &r) != OK) {
            return; /* the buffer shares the memory that ended */
        }
        BUF_LIT(b, "# ");
        buf_str(b, str_z(r.help));
        if (r.is_num) {
            BUF_LIT(b, " (");
            if (r.unit[0] != 0) {
                buf_str(b, str_z(r.unit));
                BUF_LIT(b, ", ");
            }
            buf_u64(b, r.least);
            BUF_LIT(b, " to ");
            buf_u64(b, r.most);
            BUF_LIT(b, ")");
        }
        buf_str(b, r.is_hidden ? S("\n# ") : S("\n"));
        buf_str(b, r.key);
        buf_str(b, r.is_hidden ? S(" is set; its value is not shown") : S(" = "));
        buf_str(b, r.value);
        BUF_LIT(b, "\n\n");
    }
}

bool config_listens_on_path(const struct config *c)
{
    return str_starts(c->listen, S("unix:"));
}

bool config_has_tls(const struct config *c)
{
    return c->tls_certificate.n > 0 && c->tls_key.n > 0;
}

bool config_listens_beyond(const struct config *c)
{
    return !config_listens_on_path(c) && !str_starts(c->listen, S("127.")) && !str_eq(c->listen, S("::1"));
}
