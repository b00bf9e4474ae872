/* web/form_view.c - a clinical form as values for templates. See form_view.h. */
#include "web/form_view.h"

#include "base/text.h"
#include "care/care.h"
#include "care/icd.h"

enum { RADIOS_MAX = 6, TEXT_CAP = 4096, FIELDS_TYPED_MAX = 2000 };

/* ---- faults ---- */

struct str form_fault_text(struct http_req *h, const struct problem *p, bool with_label)
{
    struct text_arg args[] = {{S("arg"), form_number_shown(h->rq.a, h->rq.lang, p->arg)}};
    struct str text = page_text(h, p->text, args, LEN(args));
    struct str label = text4_get(&p->label, h->rq.lang);
    struct buf b;
    if (!with_label || label.n == 0) {
        return text;
    }
    buf_init(&b, h->rq.a, TEXT_CAP);
    buf_str(&b, label);
    BUF_LIT(&b, ": ");
    buf_str(&b, text);
    return buf_get(&b);
}

void form_faults(struct http_req *h, struct val *root, const struct problems *faults)
{
    for (uint32_t i = 0; i < faults->n; i++) {
        const char *field = arena_cstr(h->rq.a, faults->v[i].field);
        page_error_text(root, field != NULL ? field : "",
                        form_fault_text(h, &faults->v[i], true));
    }
}

struct str form_fault_of(struct http_req *h, const struct problems *faults, struct str field)
{
    for (uint32_t i = 0; faults != NULL && i < faults->n; i++) {
        if (str_eq(faults->v[i].field, field)) {
            return form_fault_text(h, &faults->v[i], false);
        }
    }
    return (struct str){0};
}

/* ---- one item ---- */

/* What one call of form_view works on. */
struct showing {
    struct http_req *h;
    const struct form *f;
    const struct fields *typed;
    const struct problems *faults;
};

static const char *tpl_of(const struct form_item *it)
{
    switch (it->kind) {
    case FORM_TEXT: return "area";
    case FORM_DATE: return "date";
    case FORM_DATE_TIME: return "time";
    case FORM_CHOICE:
        return it->repeats || it->n_options <= RADIOS_MAX ? "choice" : "select";
    case FORM_OPEN_CHOICE: return "icd";
    case FORM_BOOLEAN: return "choice";
    case FORM_DISPLAY: return "note";
    case FORM_GROUP: return "table";
    case FORM_STRING:
    case FORM_INTEGER:
    case FORM_DECIMAL: break;
    }
    return "text";
}

static bool is_number(const struct form_item *it)
{
    return it->kind == FORM_INTEGER || it->kind == FORM_DECIMAL;
}

static struct str label_of(const struct showing *s, const struct form_item *it)
{
    struct str text = text4_get(&it->text, s->h->rq.lang);
    struct buf b;
    if (!it->required) {
        return text;
    }
    buf_init(&b, s->h->rq.a, TEXT_CAP);
    buf_str(&b, text);
    BUF_LIT(&b, " *");
    return buf_get(&b);
}

static bool has_value(const struct showing *s, struct str name, struct str value)
{
    for (uint32_t i = 0; i < s->typed->n; i++) {
        if (str_eq(s->typed->v[i].name, name) && str_eq(str_trim(s->typed->v[i].value), value)) {
            return true;
        }
    }
    return false;
}

static void set_options(const struct showing *s, const struct form_item *it, struct str name,
                        struct val *m)
{
    struct val *list = val_set_list(m, "options");
    for (uint32_t i = 0; i < it->n_options; i++) {
        struct val *o = val_add_map(list);
        val_set_str(o, "value", it->options[i].code);
        val_set_str(o, "label", text4_get(&it->options[i].title, s->h->rq.lang));
        val_set_bool(o, "on", has_value(s, name, it->options[i].code));
    }
    static const struct {
        const char *value;
        const char *label;
    } yes_no[] = {{"true", T("yes")}, {"false", T("no")}};
    for (size_t i = 0; it->kind == FORM_BOOLEAN && i < LEN(yes_no); i++) {
        struct val *o = val_add_map(list);
        val_set_z(o, "value", yes_no[i].value);
        val_set_str(o, "label", tr(s->h->rq.lang, yes_no[i].label));
        val_set_bool(o, "on", has_value(s, name, str_z(yes_no[i].value)));
    }
    val_set_str(m, "empty", tr(s->h->rq.lang, T("not chosen")));
    val_set_bool(m, "many", it->repeats);
    val_set_bool(m, "inline", true);
}

/* "allergies.known=allergy-yes" for the script, and the same in words. */
static void set_when(const struct showing *s, const struct form_item *it, struct val *m)
{
    struct buf when;
    struct buf words;
    if (it->n_conds == 0) {
        return;
    }
    buf_init(&when, s->h->rq.a, TEXT_CAP);
    buf_init(&words, s->h->rq.a, TEXT_CAP);
    for (uint32_t i = 0; i < it->n_conds; i++) {
        const struct form_cond *c = &it->conds[i];
        const struct form_item *q = &s->f->items[form_item_find(s->f, c->link_id)];
        const struct form_option *o = form_option_find(q, c->code);
        /* another answer to the question just named: the answer alone */
        bool again = i > 0 && !c->negate && !c[-1].negate && str_eq(c->link_id, c[-1].link_id);
        if (i > 0) {
            BUF_LIT(&when, " ");
            buf_str(&words, again ? S(", ") : S("; "));
        }
        buf_str(&when, c->link_id);
        buf_str(&when, c->negate ? S("!=") : S("="));
        buf_str(&when, c->code);
        if (!again) {
            buf_str(&words, text4_get(&q->text, s->h->rq.lang));
            buf_str(&words, c->negate ? S(" ≠ ") : S(": "));
        }
        buf_str(&words, o != NULL ? text4_get(&o->title, s->h->rq.lang) : c->code);
    }
    val_set_str(m, "when", buf_get(&when));
    val_set_bool(m, "when_all", it->cond_all);
    val_set_str(m, "when_text", buf_get(&words));
}

static void set_field(const struct showing *s, const struct form_item *it, uint32_t rep,
                      struct val *m)
{
    struct str name = form_field_name(s->h->rq.a, it, rep);
    struct str value = (struct str){0};
    struct str fault = form_fault_of(s->h, s->faults, name);
    for (uint32_t i = 0; i < s->typed->n && value.p == NULL; i++) {
        if (str_eq(s->typed->v[i].name, name)) {
            value = s->typed->v[i].value;
        }
    }
    val_set_z(m, "tpl", tpl_of(it));
    val_set_str(m, "name", name);
    val_set_str(m, "label", label_of(s, it));
    val_set_str(m, "value", value.p != NULL ? value : S(""));
    val_set_bool(m, "required", it->required);
    if (fault.p != NULL) {
        val_set_str(m, "error", fault);
    }
    if (is_number(it)) {
        val_set_str(m, "value", form_number_shown(s->h->rq.a, s->h->rq.lang, value));
        val_set_z(m, "mode", it->kind == FORM_DECIMAL ? "decimal" : "numeric");
        val_set_z(m, "width", "w8");
        val_set_str(m, "unit", text4_get(&it->unit_text, s->h->rq.lang));
    } else if (it->kind == FORM_CHOICE || it->kind == FORM_BOOLEAN) {
        set_options(s, it, name, m);
    } else if (it->kind == FORM_DATE || it->kind == FORM_DATE_TIME) {
        val_set_z(m, "type", it->kind == FORM_DATE ? "date" : "datetime-local");
        val_set_z(m, "width", it->kind == FORM_DATE ? "w14" : "w20");
    }
    set_when(s, it, m);
}

/* A repeating group: a table with a row for each repetition and some empty ones. */
static void set_table(const struct showing *s, uint32_t group, uint32_t extra_rows, struct val *m)
{
    const struct form_item *g = &s->f->items[group];
    uint32_t rows = form_group_count(s->f, group, s->typed) + extra_rows;
    struct val *head = val_set_list(m, "head");
    struct val *list = val_set_list(m, "rows");
    val_set_z(m, "tpl", "table");
    val_set_str(m, "id", g->link_id);
    val_set_str(m, "label", text4_get(&g->text, s->h->rq.lang));
    for (uint32_t i = group + 1; i < g->end; i++) {
        val_add_str(head, text4_get(&s->f->items[i].text, s->h->rq.lang));
    }
    for (uint32_t r = 0; r < MIN(rows, 50u); r++) {
        struct val *cells = val_set_list(val_add_map(list), "cells");
        for (uint32_t i = group + 1; i < g->end; i++) {
            set_field(s, &s->f->items[i], r, val_add_map(cells));
        }
    }
}

/* ---- the whole form ---- */

/* Where the next field goes: numbers stand side by side, everything else below each other. */
static struct val *run_for(struct val *section, struct val **run, bool *grid, bool want_grid)
{
    if (*run == NULL || *grid != want_grid) {
        const struct val *have = val_find(section, S("runs"));
        struct val *runs = have != NULL ? (struct val *)(uintptr_t)have
                                        : val_set_list(section, "runs");
        struct val *m = val_add_map(runs);
        val_set_bool(m, "grid", want_grid);
        *run = val_set_list(m, "fields");
        *grid = want_grid;
    }
    return *run;
}

void form_view(struct http_req *h, const struct form *f, const struct fields *typed,
               const struct problems *faults, uint32_t extra_rows, struct val *sections)
{
    const struct showing s = {h, f, typed, faults};
    struct val *section = NULL;
    struct val *run = NULL;
    bool in_group = false;
    bool grid = false;
    uint32_t group_end = 0;
    for (uint32_t i = 0; i < f->n_items;) {
        const struct form_item *it = &f->items[i];
        if (in_group && i == group_end) {
            in_group = false;
            section = NULL;
        }
        bool table = it->kind == FORM_GROUP && it->repeats;
        bool opens = it->kind == FORM_GROUP && !table && it->depth == 0;
        if (section == NULL || opens) {
            section = val_add_map(sections);
            run = NULL;
        }
        if (opens) {
            in_group = true;
            group_end = it->end;
            val_set_str(section, "id", it->link_id);
            val_set_str(section, "title", text4_get(&it->text, h->rq.lang));
            set_when(&s, it, section);
            i++;
            continue;
        }
        struct val *m = val_add_map(run_for(section, &run, &grid, is_number(it)));
        if (table) {
            set_table(&s, i, extra_rows, m);
            i = it->end;
            continue;
        }
        set_field(&s, it, 0, m);
        i++;
    }
}

/* ---- what was typed ---- */

/* The item a field's name belongs to; NULL: none. */
static const struct form_item *item_of(const struct form *f, struct str name)
{
    struct str link = str_sub(name, 0, str_find_char(name, '['));
    int32_t at = f != NULL ? form_item_find(f, link) : -1;
    return at >= 0 ? &f->items[at] : NULL;
}

bool form_has_field(const struct form *f, struct str name)
{
    return item_of(f, name) != NULL;
}

static bool is_own(struct str name)
{
    return str_eq(name, S("csrf")) || str_eq(name, S("once")) || str_eq(name, S("go"))
           || str_eq(name, S("back"));
}

/* CRLF becomes LF; in decimals a comma becomes a point. */
static struct str clean(struct http_req *h, struct str v, bool decimal)
{
    struct buf b;
    buf_init(&b, h->rq.a, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '\r' && i + 1 < v.n && v.p[i + 1] == '\n') {
            continue;
        }
        buf_char(&b, decimal && v.p[i] == ',' ? '.' : v.p[i]);
    }
    return buf_get(&b);
}

enum err form_typed(struct http_req *h, const struct form *f, struct fields *ret_typed,
                    struct str *ret_long)
{
    struct field *all = ARENA_ARRAY(h->rq.a, FIELDS_TYPED_MAX, struct field);
    struct str name;
    struct str value;
    struct str too_long = {0};
    uint32_t n = 0;
    *ret_long = (struct str){0};
    TRY_MEM(&h->rq, all);
    TRY(http_form_check(h));
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        if (is_own(name) || name.n == 0 || name.n > 120) {
            continue;
        }
        if (value.n > FORM_FIELD_MAX) {
            too_long = name;
            continue;
        }
        if (n == FIELDS_TYPED_MAX) {
            return FAIL(&h->rq, E_TOO_LARGE, "fields of the form");
        }
        const struct form_item *it = item_of(f, name);
        value = clean(h, value, it != NULL && it->kind == FORM_DECIMAL);
        if (it != NULL && it->kind == FORM_OPEN_CHOICE && it->value_set.p != NULL) {
            value = icd_titled(&h->rq, care_of(&h->rq)->icd, value);
        }
        all[n++] = (struct field){name, value};
    }
    if (!arena_whole(h->rq.a)) {
        return FAIL(&h->rq, E_TOO_LARGE, "memory cap");
    }
    *ret_typed = (struct fields){all, n};
    *ret_long = too_long;
    return too_long.n > 0 ? FAIL(&h->rq, E_TOO_LARGE, "a field of the form") : OK;
}
