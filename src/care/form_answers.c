/* care/form_answers.c - fields to QuestionnaireResponse and back, and answered forms for reading. */
#include "care/form.h"

#include "care/care.h"
#include "care/put.h"

enum { FIELDS_MAX = 2000, VALUE_SHOWN_MAX = 60000 };

struct str form_date_time(struct req *rq, struct str v)
{
    struct buf b;

    buf_init(&b, rq->a, 64);
    buf_str(&b, v);
    if (v.n == 16) {
        BUF_LIT(&b, ":00");
    }
    if (v.n == 16 || v.n == 19) {
        zone_write(&b, rq->app != NULL ? &care_of(rq)->zone : &(const struct zone){0}, buf_get(&b));
    }
    return buf_get(&b);
}

/* An ICD-10 code stands alone or before a blank: "I63.9 Cerebral infarction". */
static struct str icd_part(struct str v)
{
    size_t n = str_find_char(v, ' ');
    bool shape = n >= 3 && n <= 7 && v.p[0] >= 'A' && v.p[0] <= 'Z' && v.p[1] >= '0'
                 && v.p[1] <= '9' && v.p[2] >= '0' && v.p[2] <= '9';
    return shape ? str_sub(v, 0, n) : (struct str){0};
}

static void write_open_choice(struct json_out *o, const struct form_item *it, struct str v)
{
    struct str code = it->value_set.p != NULL ? icd_part(v) : (struct str){0};

    if (code.n > 0) {
        json_k(o, S("valueCoding"));
        put_one_coding(o, S(CS_ICD10), code, str_trim(str_sub(v, code.n, v.n)));
    } else {
        json_ks(o, S("valueString"), v);
    }
}

static void write_value(struct json_out *o, struct req *rq, const struct form_item *it,
                        struct str v)
{
    const struct form_option *opt = NULL;

    json_obj(o);
    switch (it->kind) {
    case FORM_INTEGER:
        json_k(o, S("valueInteger"));
        json_v_raw(o, v);
        break;
    case FORM_DECIMAL:
        json_k(o, S("valueDecimal"));
        json_v_raw(o, v);
        break;
    case FORM_DATE: json_ks(o, S("valueDate"), v); break;
    case FORM_DATE_TIME: json_ks(o, S("valueDateTime"), form_date_time(rq, v)); break;
    case FORM_BOOLEAN: json_kb(o, S("valueBoolean"), str_eq(v, S("true"))); break;
    case FORM_CHOICE:
        opt = form_option_find(it, v);
        if (opt != NULL) {
            json_k(o, S("valueCoding"));
            put_one_coding(o, opt->system, opt->code, text4_get(&opt->title, rq->lang));
        }
        break;
    case FORM_OPEN_CHOICE: write_open_choice(o, it, v); break;
    case FORM_GROUP:
    case FORM_DISPLAY:
    case FORM_STRING:
    case FORM_TEXT: json_ks(o, S("valueString"), v); break;
    }
    json_obj_end(o);
}

/* Whether an item, or anything below it, has an answer that counts. */
static bool is_answered(struct req *rq, const struct form *f, uint32_t item, uint32_t rep,
                        const struct fields *typed)
{
    for (uint32_t i = item; i < f->items[item].end; i++) {
        const struct form_item *it = &f->items[i];
        bool own_rep = it->rep_group >= 0 && (uint32_t)it->rep_group >= item
                       && (uint32_t)it->rep_group != item;
        uint32_t reps = own_rep ? form_group_count(f, (uint32_t)it->rep_group, typed) : 1;
        for (uint32_t r = 0; r < reps; r++) {
            uint32_t at = own_rep ? r : rep;
            if (it->kind != FORM_GROUP && it->kind != FORM_DISPLAY
                && fields_get(typed, form_field_name(rq->a, it, at)).p != NULL
                && form_is_enabled(f, i, typed, at)) {
                return true;
            }
        }
    }
    return false;
}

static void write_answers(struct json_out *o, struct req *rq, const struct form_item *it,
                          uint32_t rep, const struct fields *typed)
{
    struct str name = form_field_name(rq->a, it, rep);

    json_k(o, S("answer"));
    json_arr(o);
    for (uint32_t n = 0;; n++) {
        struct str v = fields_at(typed, name, n);
        if (v.p == NULL || (n > 0 && !it->repeats)) {
            break;
        }
        write_value(o, rq, it, v);
    }
    json_arr_end(o);
}

/* Groups being written: where each ends and which repetition it is. */
struct open_group {
    uint32_t item, rep, reps;
};

void form_write_items(struct json_out *o, struct req *rq, const struct form *f,
                      const struct fields *typed)
{
    struct open_group stack[8];
    uint32_t depth = 0;
    uint32_t i = 0;

    json_k(o, S("item"));
    json_arr(o);
    for (;;) {
        while (depth > 0 && i == f->items[stack[depth - 1].item].end) {
            struct open_group *g = &stack[depth - 1];
            json_arr_end(o);
            json_obj_end(o);
            do {
                g->rep++;
            } while (g->rep < g->reps && !is_answered(rq, f, g->item, g->rep, typed));
            if (g->rep < g->reps) {
                i = g->item + 1;
                json_obj(o);
                json_ks(o, S("linkId"), f->items[g->item].link_id);
                json_ks(o, S("text"), text4_get(&f->items[g->item].text, rq->lang));
                json_k(o, S("item"));
                json_arr(o);
                break;
            }
            depth--;
        }
        if (i >= f->n_items) {
            break;
        }
        const struct form_item *it = &f->items[i];
        uint32_t rep = depth > 0 && it->rep_group >= 0 ? stack[depth - 1].rep : 0;
        for (uint32_t d = depth; d > 0 && it->rep_group >= 0; d--) {
            rep = stack[d - 1].item == (uint32_t)it->rep_group ? stack[d - 1].rep : rep;
        }
        uint32_t reps = it->kind == FORM_GROUP && it->repeats ? form_group_count(f, i, typed) : 1;
        uint32_t first = rep;
        if (it->kind == FORM_GROUP && it->repeats) {
            for (first = 0; first < reps && !is_answered(rq, f, i, first, typed); first++) {
            }
        }
        if ((it->kind == FORM_GROUP && it->repeats && first == reps)
            || !is_answered(rq, f, i, first, typed)) {
            i = it->end;
            continue;
        }
        json_obj(o);
        json_ks(o, S("linkId"), it->link_id);
        json_ks(o, S("text"), text4_get(&it->text, rq->lang));
        if (it->kind != FORM_GROUP) {
            write_answers(o, rq, it, rep, typed);
            json_obj_end(o);
            i++;
            continue;
        }
        json_k(o, S("item"));
        json_arr(o);
        ASSERT(depth < LEN(stack));
        stack[depth++] = (struct open_group){i, it->repeats ? first : 0, it->repeats ? reps : 1};
        i++;
    }
    json_arr_end(o);
}

/* The text a person typed, of an answer. */
static struct str answer_text(struct req *rq, struct jv answer)
{
    struct jv coding = json_get(answer, S("valueCoding"));

    if (!json_has(coding)) {
        struct jv v = json_first(answer);
        return json_kind(v) == JSON_STRING ? json_str(rq->a, v) : json_raw(v);
    }
    struct str code = json_str(rq->a, json_get(coding, S("code")));
    struct str shown = json_str(rq->a, json_get(coding, S("display")));
    if (!json_is(json_get(coding, S("system")), S(CS_ICD10)) || shown.n == 0) {
        return code;
    }
    struct buf b;
    buf_init(&b, rq->a, code.n + shown.n + 8);
    buf_str(&b, code);
    BUF_LIT(&b, " ");
    buf_str(&b, shown);
    return buf_get(&b);
}

/* A dateTime as the input of a form has it: local, to the minute. */
static struct str local_time(struct req *rq, struct str v)
{
    struct instant at;
    struct buf b;

    if (v.n < 17 || !instant_parse(v, &at)) {
        return v;
    }
    struct civil c = instant_civil(at, rq->app != NULL ? zone_at(&care_of(rq)->zone, at.ms) : 0);
    buf_init(&b, rq->a, 32);
    date_write(&b, &c);
    buf_char(&b, 'T');
    buf_u64_pad(&b, (uint64_t)c.hour, 2);
    buf_char(&b, ':');
    buf_u64_pad(&b, (uint64_t)c.minute, 2);
    return buf_get(&b);
}

/* How often each repeating group has been met. */
struct rep_count {
    int32_t group;
    uint32_t n;
};

enum err form_read_items(struct req *rq, const struct form *f, struct jv response,
                         struct fields *ret_fields)
{
    struct field *all = ARENA_ARRAY(rq->a, FIELDS_MAX, struct field);
    struct rep_count reps[16] = {{0}};
    struct jv stack[8];
    uint32_t depth = 0;
    uint32_t n = 0;

    TRY_MEM(rq, all);
    stack[0] = json_first(json_get(response, S("item")));
    for (;;) {
        struct jv v = stack[depth];
        if (!json_has(v)) {
            if (depth == 0) {
                break;
            }
            depth--;
            continue;
        }
        stack[depth] = json_next(v);
        int32_t at = form_item_find(f, json_str(rq->a, json_get(v, S("linkId"))));
        if (at < 0) {
            continue;
        }
        const struct form_item *it = &f->items[at];
        int32_t group = it->repeats && it->kind == FORM_GROUP ? at : it->rep_group;
        struct rep_count *rc = NULL;
        for (size_t k = 0; group >= 0 && rc == NULL && k < LEN(reps); k++) {
            rc = reps[k].n == 0 || reps[k].group == group ? &reps[k] : NULL;
        }
        if (rc != NULL && at == group) {
            rc->group = group;
            rc->n++;
        }
        struct str name = form_field_name(rq->a, it, rc != NULL && rc->n > 0 ? rc->n - 1 : 0);
        for (struct jv a = json_first(json_get(v, S("answer"))); json_has(a); a = json_next(a)) {
            if (n < FIELDS_MAX) {
                struct str text = answer_text(rq, a);
                all[n++] = (struct field){
                    name, it->kind == FORM_DATE_TIME ? local_time(rq, text) : text};
            }
        }
        if (json_has(json_get(v, S("item"))) && depth + 1 < LEN(stack)) {
            stack[++depth] = json_first(json_get(v, S("item")));
        }
    }
    *ret_fields = (struct fields){all, n};
    return OK;
}

/* Values of one field for reading. */
static struct str shown_value(struct req *rq, const struct form_item *it, struct str name,
                              const struct fields *typed)
{
    struct buf b;

    buf_init(&b, rq->a, VALUE_SHOWN_MAX);
    for (uint32_t n = 0;; n++) {
        struct str v = fields_at(typed, name, n);
        if (v.p == NULL) {
            break;
        }
        if (n > 0) {
            BUF_LIT(&b, "; ");
        }
        const struct form_option *opt = form_option_find(it, v);
        buf_str(&b, opt != NULL                ? text4_get(&opt->title, rq->lang)
                    : it->kind == FORM_DECIMAL ? form_number_shown(rq->a, rq->lang, v)
                                               : v);
        if (it->unit_title.n > 0 && (it->kind == FORM_INTEGER || it->kind == FORM_DECIMAL)) {
            BUF_LIT(&b, " ");
            buf_str(&b, text4_get(&it->unit_text, rq->lang));
        }
    }
    return buf_get(&b);
}

enum err form_lines(struct req *rq, const struct form *f, const struct fields *typed,
                    const struct form_line **ret_lines, uint32_t *ret_n)
{
    uint32_t cap = f->n_items + typed->n + 64;
    struct form_line *all = ARENA_ARRAY(rq->a, cap, struct form_line);
    uint32_t n = 0;
    uint32_t rep = 0;

    TRY_MEM(rq, all);
    for (uint32_t i = 0; i < f->n_items && n < cap;) {
        const struct form_item *it = &f->items[i];
        bool rep_group = it->kind == FORM_GROUP && it->repeats;
        if (rep_group) {
            rep = 0;
        }
        if (is_answered(rq, f, i, rep, typed)) {
            struct str name = form_field_name(rq->a, it, rep);
            all[n++] = (struct form_line){
                it, rep, it->kind == FORM_GROUP ? (struct str){0} : shown_value(rq, it, name, typed)};
            i++;
        } else {
            i = it->end;
        }
        /* the last item of a repeating group: again for the next repetition */
        int32_t g = it->rep_group;
        while (g >= 0 && i == f->items[g].end
               && rep + 1 < form_group_count(f, (uint32_t)g, typed)) {
            rep++;
            i = (uint32_t)g + 1;
            if (!is_answered(rq, f, (uint32_t)g, rep, typed)) {
                i = f->items[g].end;
            }
        }
    }
    *ret_lines = all;
    *ret_n = n;
    return OK;
}
